"""Start from a random speaker."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from strategies.initialisers.embedding_init import BaseSpeakers, EmbeddingInit, Enrolment
from vits.common.registry import register


@register("strategy", "random")
@dataclass(frozen=True)
class Random(EmbeddingInit):
    """A draw from the normal distribution with the base rows' mean and covariance.

    The reference implementation drew new rows as it drew the old ones, from the standard normal, which after
    training is far from where any speaker is. That is what this gives too when there are no base rows to
    match (`base=scratch`); the embedding width is then that of the empty table.
    """

    def __call__(
        self, enrolment: Enrolment, speakers: BaseSpeakers, generator: torch.Generator
    ) -> Float[Tensor, "gin"]:
        n_speakers, width = speakers.embeddings.shape
        if n_speakers < 2:
            return torch.randn(width, generator=generator)
        mean = speakers.embeddings.mean(0)
        mixture = torch.randn(n_speakers, generator=generator) / math.sqrt(n_speakers - 1)
        return mean + mixture @ (speakers.embeddings - mean)
