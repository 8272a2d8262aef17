"""Start from a random speaker."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from strategies.context import AdaptationContext, Enrolment
from strategies.initialisers.embedding_init import EmbeddingInit, InitialEmbedding, Initialise
from vits.common.registry import register


@register("strategy", "random")
@dataclass(frozen=True)
class Random(EmbeddingInit):
    """A draw from the normal distribution with the base rows' mean and covariance.

    The reference implementation drew new rows as it drew the old ones, from the standard normal, which after
    training is far from where any speaker is. That is what this gives too when there are no base rows to
    match (`base=scratch`); the embedding width is then that of the empty table.
    """

    def prepare(self, context: AdaptationContext) -> Initialise:
        rows = context.base_speakers.embeddings
        n_speakers, width = rows.shape

        def draw(enrolment: Enrolment) -> InitialEmbedding:
            if n_speakers < 2:
                return InitialEmbedding(torch.randn(width, generator=context.generator))
            mean = rows.mean(0)
            mixture = torch.randn(n_speakers, generator=context.generator) / math.sqrt(n_speakers - 1)
            return InitialEmbedding(mean + mixture @ (rows - mean))

        return draw
