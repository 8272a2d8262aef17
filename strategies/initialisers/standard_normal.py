"""Start as an untrained row starts."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from strategies.initialisers.embedding_init import BaseSpeakers, EmbeddingInit, Enrolment
from vits.common.registry import register


@register("strategy", "standard_normal")
@dataclass(frozen=True)
class StandardNormal(EmbeddingInit):
    """A draw from the standard normal, as the reference implementation draws every row, old or new.

    Trained rows have another mean and scale, so this is a voice that the base has never heard the like of.
    """

    def __call__(
        self, enrolment: Enrolment, speakers: BaseSpeakers, generator: torch.Generator
    ) -> Float[Tensor, "gin"]:
        return torch.randn(speakers.embeddings.shape[1], generator=generator)
