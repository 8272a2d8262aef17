"""Start from the average speaker."""

from __future__ import annotations

from dataclasses import dataclass

from strategies.context import AdaptationContext
from strategies.initialisers.embedding_init import EmbeddingInit, InitialEmbedding, Initialise
from vits.common.registry import register


@register("strategy", "mean")
@dataclass(frozen=True)
class Mean(EmbeddingInit):
    """The mean of the base rows: nobody's voice, and nobody's far away."""

    def prepare(self, context: AdaptationContext) -> Initialise:
        context.base_speakers.require(1, "mean")
        row = context.base_speakers.embeddings.mean(0)
        return lambda enrolment: InitialEmbedding(row)
