"""Stay near the base."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from strategies.context import AdaptationContext
from strategies.penalties.penalty import Penalty, PenaltyTerms
from vits.common.bounds import Above, check_fields
from vits.common.registry import register
from vits.corpus.batching import Batch
from vits.synthesizer import Synthesizer, TrainingPass


@register("penalty", "l2_sp")
@dataclass(frozen=True)
class L2SP(Penalty):
    """Half the squared distance of the trained shared parameters from those of the base, times `weight`.

    `weight / 2 * sum ||p - p0||^2`, without parameters of its own; new embeddings and adapters are free. Weight decay
    pulls towards zero, this towards the base. Xuhong Li et al., Explicit Inductive Bias for Transfer Learning
    with Convolutional Networks, 2018, equation 2.
    """

    weight: Annotated[float, Above(0)] = 0.1

    def __post_init__(self) -> None:
        check_fields(self, "penalty.l2_sp")

    def prepare(self, context: AdaptationContext) -> PenaltyTerms:
        trained = list(context.require_trained("l2_sp").values())
        starts = [parameter.detach().clone() for parameter in trained]

        def distance(synthesizer: Synthesizer, batch: Batch, made: TrainingPass) -> dict[str, Tensor]:
            squares = [(now - start).square().sum() for now, start in zip(trained, starts, strict=True)]
            return {"l2_sp": self.weight / 2 * torch.stack(squares).sum()}

        return distance
