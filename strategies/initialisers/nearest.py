"""Start from the base speaker who sounds most alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from strategies.context import ECAPA, AdaptationContext, Enrolment
from strategies.initialisers.embedding_init import EmbeddingInit, InitialEmbedding, Initialise
from vits.common.bounds import AtLeast, check_fields
from vits.common.registry import register


@register("strategy", "nearest")
@dataclass(frozen=True)
class Nearest(EmbeddingInit):
    """The mean row of the base speakers whose voiceprints are nearest by cosine, `neighbours` of them."""

    teachers: ClassVar[tuple[str, ...]] = (ECAPA,)

    neighbours: Annotated[int, AtLeast(1)] = 1

    def __post_init__(self) -> None:
        check_fields(self, "strategy")

    def prepare(self, context: AdaptationContext) -> Initialise:
        speakers = context.base_speakers
        speakers.require(self.neighbours, "nearest")
        speakers.require_voiceprints("nearest")

        def start(enrolment: Enrolment) -> InitialEmbedding:
            similarities = speakers.voiceprints @ enrolment.mean_voiceprint
            nearest = similarities.topk(self.neighbours).indices
            taken_from = speakers.names[int(nearest[0])] if self.neighbours == 1 else None
            return InitialEmbedding(speakers.embeddings[nearest].mean(0), taken_from)

        return start
