"""Start from the average speaker."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from strategies.initialisers.embedding_init import BaseSpeakers, EmbeddingInit, Enrolment
from vits.common.registry import register


@register("strategy", "mean")
@dataclass(frozen=True)
class Mean(EmbeddingInit):
    """The mean of the base rows: nobody's voice, and nobody's far away."""

    def __call__(
        self, enrolment: Enrolment, speakers: BaseSpeakers, generator: torch.Generator
    ) -> Float[Tensor, "gin"]:
        speakers.require(1, "mean")
        return speakers.embeddings.mean(0)
