"""Start as an untrained row starts."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from strategies.context import AdaptationContext
from strategies.initialisers.embedding_init import EmbeddingInit, InitialEmbedding, Initialise
from vits.common.registry import register


@register("strategy", "standard_normal")
@dataclass(frozen=True)
class StandardNormal(EmbeddingInit):
    """A draw from the standard normal, as the reference implementation draws every row, old or new.

    Trained rows have another mean and scale, so this is a voice that the base has never heard the like of.
    """

    def prepare(self, context: AdaptationContext) -> Initialise:
        width = context.base_speakers.embeddings.shape[1]
        return lambda enrolment: InitialEmbedding(torch.randn(width, generator=context.generator))
