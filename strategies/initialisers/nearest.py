"""Start from the base speaker who sounds most alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from strategies.initialisers.embedding_init import ECAPA, BaseSpeakers, EmbeddingInit, Enrolment
from vits.common.errors import InputError
from vits.common.registry import register


@register("strategy", "nearest")
@dataclass(frozen=True)
class Nearest(EmbeddingInit):
    """The mean row of the base speakers whose voiceprints are nearest by cosine, `neighbours` of them."""

    teachers: ClassVar[tuple[str, ...]] = (ECAPA,)

    neighbours: int = 1

    def __post_init__(self) -> None:
        if self.neighbours < 1:
            raise InputError(f"strategy.neighbours={self.neighbours} must be 1 or more")

    def __call__(
        self, enrolment: Enrolment, speakers: BaseSpeakers, generator: torch.Generator
    ) -> Float[Tensor, "gin"]:
        speakers.require(self.neighbours, "nearest")
        speakers.require_voiceprints("nearest")
        similarities = speakers.voiceprints @ enrolment.mean_voiceprint
        return speakers.embeddings[similarities.topk(self.neighbours).indices].mean(0)
