"""Start from the mixture of base speakers that sounds most alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from scipy.optimize import nnls
from torch import Tensor

from strategies.context import ECAPA, AdaptationContext, Enrolment
from strategies.initialisers.embedding_init import EmbeddingInit, InitialEmbedding, Initialise
from vits.common.registry import register

SUMS_TO_ONE = 100.0  # weight of the equation that the shares sum to 1, beside those of the voiceprint


@register("strategy", "convex")
@dataclass(frozen=True)
class Convex(EmbeddingInit):
    """The convex combination of base rows whose voiceprints come nearest to the new one.

    Shares are not negative and sum to 1, so that the row stays within what the model knows. They solve a
    non-negative least squares problem (Lawson and Hanson 1974, "Solving Least Squares Problems", chapter 23), to
    which the sum is added as one more equation; most of them are 0, as the voiceprint lies outside of the hull.
    """

    teachers: ClassVar[tuple[str, ...]] = (ECAPA,)

    def prepare(self, context: AdaptationContext) -> Initialise:
        speakers = context.base_speakers
        speakers.require(1, "convex")
        speakers.require_voiceprints("convex")

        def start(enrolment: Enrolment) -> InitialEmbedding:
            found = shares(speakers.voiceprints, enrolment.mean_voiceprint)
            return InitialEmbedding(found.to(speakers.embeddings) @ speakers.embeddings, None)

        return start


def shares(voiceprints: Float[Tensor, "speakers print"], wanted: Float[Tensor, "print"]) -> Float[Tensor, "speakers"]:
    """Not negative, summing to 1, and such that the mixture of the voiceprints is nearest to the wanted one."""
    columns = np.vstack([voiceprints.double().cpu().numpy().T, SUMS_TO_ONE * np.ones((1, len(voiceprints)))])
    solution, _ = nnls(columns, np.append(wanted.double().cpu().numpy(), SUMS_TO_ONE))
    return torch.from_numpy(solution / solution.sum())
