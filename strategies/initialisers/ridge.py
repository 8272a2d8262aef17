"""Start where the voiceprint of an encoder of one's choice points."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Annotated

from strategies.context import AdaptationContext, Enrolment
from strategies.hearing import Encoder, Hearing, Sentences, Way, teachers_of
from strategies.initialisers.embedding_init import EmbeddingInit, InitialEmbedding, Initialise
from strategies.ridge_regression import RidgeRegression, fit_ridge
from vits.common.bounds import Above, Items, check_fields
from vits.common.registry import register


@register("strategy", "ridge")
@dataclass(frozen=True)
class Ridge(EmbeddingInit):
    """Ridge regression from the voiceprints of an `encoder` to speaker embeddings, fitted on the base speakers.

    With `ge2e` ECAPA took no part and is a neutral judge, which it isn't of `strategy=ecapa`, to which `ecapa` is the
    same. `both` hear together; `chosen` is the way among these three that best predicts base speakers left out of the
    fit, one at a time, as the strength of the penalty is (`strengths`); then both judges are its teachers. A base
    brings no voiceprints but ECAPA's, so all but `ecapa` hear what the base says as each of its speakers, `sentences`
    of the training texts: so many times as many utterances as it has speakers are spoken and heard once. A base
    speaker who is left out of it is known by a voiceprint of recordings alone, so that there is no leave-one-out error
    of this in the table of initialisers, but with `ecapa`. No parameters.
    """

    encoder: Encoder = "ge2e"
    sentences: Sentences = 1
    strengths: Annotated[list[Annotated[float, Above(0)]], Items(least=1)] = field(
        default_factory=lambda: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0]
    )

    def __post_init__(self) -> None:
        check_fields(self, "strategy")

    @property
    def teachers(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The judges that are asked."""
        return teachers_of(self.encoder)

    def prepare(self, context: AdaptationContext) -> Initialise:
        speakers = context.base_speakers
        speakers.require(3, "ridge")
        hearing = Hearing(context, self.encoder, self.sentences, "ridge")

        @cache
        def best() -> tuple[Way, RidgeRegression]:
            fits = {way: fit_ridge(hearing.base(way), speakers.embeddings, self.strengths) for way in hearing.ways}
            way = min(fits, key=lambda candidate: fits[candidate].error)
            return way, fits[way]

        def project(enrolment: Enrolment) -> InitialEmbedding:
            hearing.check(enrolment)
            way, fitted = best()
            return InitialEmbedding(fitted(hearing.new(way, enrolment)).to(speakers.embeddings.dtype))

        return project
