"""Start where the voiceprint points."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from strategies.context import ECAPA, AdaptationContext, Enrolment
from strategies.initialisers.embedding_init import EmbeddingInit, InitialEmbedding, Initialise
from vits.common.bounds import Above, Items, check_fields
from vits.common.registry import register


@register("strategy", "ecapa")
@dataclass(frozen=True)
class Ecapa(EmbeddingInit):
    """Ridge regression from ECAPA voiceprint to speaker embedding, fitted on the base speakers.

    The strength of the penalty is the one among `strengths` that best predicts base speakers left out of the
    fit, one at a time. Hoerl and Kennard, Ridge regression, 1970; the errors of all fits without one speaker
    follow from the fit with all (Allen's PRESS, 1974).
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
        x, y = speakers.voiceprints.double(), speakers.embeddings.double()
        x_mean, y_mean = x.mean(0), y.mean(0)
        x, y = x - x_mean, y - y_mean
        strength = min(self.strengths, key=lambda candidate: left_out_error(x, y, candidate))
        dual = torch.linalg.solve(x @ x.mT + strength * torch.eye(len(x), dtype=x.dtype), y)

        def project(enrolment: Enrolment) -> InitialEmbedding:
            projected = y_mean + (enrolment.mean_voiceprint.double() - x_mean) @ x.mT @ dual
            return InitialEmbedding(projected.to(speakers.embeddings.dtype))

        return project


def left_out_error(x: Float[Tensor, "speakers print"], y: Float[Tensor, "speakers gin"], strength: float) -> float:
    """Mean squared error of predicting each centred row of `y` from a ridge fit without that row.

    The residual without row i is the residual with it, divided by one minus its leverage; the intercept adds
    1/n to the leverage.
    """
    n = len(x)
    gram = x @ x.mT
    hat = torch.linalg.solve(gram + strength * torch.eye(n, dtype=x.dtype), gram) + 1 / n
    residuals = (y - hat @ y) / (1 - hat.diagonal()).unsqueeze(1)
    return float(residuals.square().sum(1).mean())
