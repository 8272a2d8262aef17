"""Start where the voiceprint points."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from strategies.context import ECAPA, AdaptationContext, Enrolment
from strategies.initialisers.embedding_init import EmbeddingInit, InitialEmbedding, Initialise
from strategies.ridge_regression import fit_ridge
from vits.common.bounds import Above, Items, check_fields
from vits.common.registry import register


@register("strategy", "ecapa")
@dataclass(frozen=True)
class Ecapa(EmbeddingInit):
    """Ridge regression from ECAPA voiceprint to speaker embedding, fitted on the base speakers.

    The strength of the penalty is the one among `strengths` that best predicts base speakers left out of the
    fit, one at a time. Hoerl and Kennard, Ridge regression, 1970; the errors of all fits without one speaker
    follow from the fit with all (Allen's PRESS, 1974). `strategy=ridge` does the same with other encoders.
    """

    teachers: ClassVar[tuple[str, ...]] = (ECAPA,)

    strengths: Annotated[list[Annotated[float, Above(0)]], Items(least=1)] = field(
        default_factory=lambda: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0]
    )

    def __post_init__(self) -> None:
        check_fields(self, "strategy")

    def prepare(self, context: AdaptationContext) -> Initialise:
        speakers = context.base_speakers
        speakers.require(3, "ecapa")
        speakers.require_voiceprints("ecapa")
        fitted = fit_ridge(speakers.voiceprints, speakers.embeddings, self.strengths)

        def project(enrolment: Enrolment) -> InitialEmbedding:
            return InitialEmbedding(fitted(enrolment.mean_voiceprint).to(speakers.embeddings.dtype))

        return project
