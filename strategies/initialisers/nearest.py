"""Start from the base speaker who sounds most alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch

from strategies.context import ECAPA, AdaptationContext, Enrolment
from strategies.initialisers.embedding_init import EmbeddingInit, InitialEmbedding, Initialise
from vits.common.bounds import Above, AtLeast, check_fields
from vits.common.registry import register


@register("strategy", "nearest")
@dataclass(frozen=True)
class Nearest(EmbeddingInit):
    """The mean row of the base speakers whose voiceprints are nearest by cosine, `neighbours` of them.

    With a `temperature` the mean is weighted: a speaker's share falls by a factor e for every `temperature` that the
    cosine lies below the nearest one's (kernel regression; Nadaraya 1964, "On Estimating Regression"). With None all
    count alike.
    """

    teachers: ClassVar[tuple[str, ...]] = (ECAPA,)

    neighbours: Annotated[int, AtLeast(1)] = 1
    temperature: Annotated[float, Above(0)] | None = None

    def __post_init__(self) -> None:
        check_fields(self, "strategy")

    def prepare(self, context: AdaptationContext) -> Initialise:
        speakers = context.base_speakers
        speakers.require(self.neighbours, "nearest")
        speakers.require_voiceprints("nearest")

        def start(enrolment: Enrolment) -> InitialEmbedding:
            similarities = speakers.voiceprints @ enrolment.mean_voiceprint
            cosines, nearest = similarities.topk(self.neighbours)
            if self.neighbours == 1:
                return InitialEmbedding(speakers.embeddings[nearest[0]].clone(), speakers.names[int(nearest[0])])
            if self.temperature is None:
                return InitialEmbedding(speakers.embeddings[nearest].mean(0))
            shares = torch.softmax((cosines - cosines[0]) / self.temperature, dim=0)
            return InitialEmbedding(shares @ speakers.embeddings[nearest])

        return start
