"""Start from the base speaker who sounds most alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from strategies.context import AdaptationContext, BaseSpeakers, Enrolment
from strategies.hearing import Encoder, Hearing, Sentences, Way, teachers_of
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

    Voiceprints are by `encoder`: of recordings with `ecapa`, whose voiceprints a base brings; with `ge2e`, `both` (the
    mean of their cosines) and `chosen` (the way of these three that best guesses the rows of base speakers, each by
    the others) they are of what the base says as each of its speakers, `sentences` of the training texts.
    """

    neighbours: Annotated[int, AtLeast(1)] = 1
    temperature: Annotated[float, Above(0)] | None = None
    encoder: Encoder = "ecapa"
    sentences: Sentences = 1

    def __post_init__(self) -> None:
        check_fields(self, "strategy")

    @property
    def teachers(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The judges that are asked."""
        return teachers_of(self.encoder)

    def prepare(self, context: AdaptationContext) -> Initialise:
        speakers = context.base_speakers
        speakers.require(self.neighbours, "nearest")
        hearing = Hearing(context, self.encoder, self.sentences, "nearest")

        @cache
        def best() -> Way:
            if len(hearing.ways) == 1:
                return hearing.ways[0]
            speakers.require(self.neighbours + 1, f"nearest strategy.encoder={self.encoder}")
            return min(hearing.ways, key=lambda way: self._left_out_error(speakers, hearing.base(way)))

        def start(enrolment: Enrolment) -> InitialEmbedding:
            hearing.check(enrolment)
            return self._row(speakers, hearing.base(best()) @ hearing.new(best(), enrolment))

        return start

    def _row(self, speakers: BaseSpeakers, similarities: Float[Tensor, "speakers"]) -> InitialEmbedding:
        """The row of a voice that is so similar to the base speakers."""
        cosines, nearest = similarities.topk(self.neighbours)
        if self.neighbours == 1:
            return InitialEmbedding(speakers.embeddings[nearest[0]].clone(), speakers.names[int(nearest[0])])
        if self.temperature is None:
            return InitialEmbedding(speakers.embeddings[nearest].mean(0))
        shares = torch.softmax((cosines - cosines[0]) / self.temperature, dim=0)
        return InitialEmbedding(shares @ speakers.embeddings[nearest])

    def _left_out_error(self, speakers: BaseSpeakers, voiceprints: Float[Tensor, "speakers print"]) -> float:
        """Mean squared error of guessing each base speaker's row by the others'."""
        similarities = (voiceprints @ voiceprints.mT).fill_diagonal_(-torch.inf)
        guesses = torch.stack([self._row(speakers, of_one).row for of_one in similarities])
        return float((guesses - speakers.embeddings).square().sum(1).mean())
