"""Learn a low-rank change of the weights."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from strategies.adapters.weight_changes import WeightAdapter, WeightChange
from vits.common.registry import register


class LowRankChange(WeightChange):
    """Adds a product of two thin matrices to a weight: zero at first, for one of the two is.

    A convolution's kernel is seen as a matrix `[out, in * kernel]`. The rank is never above what that matrix can
    have. `down` is drawn so that its products keep the scale of what comes in.
    """

    def __init__(self, weight: Float[Tensor, "out ..."], rank: int, alpha: float) -> None:
        super().__init__()
        rows, columns = weight.flatten(1).shape
        self.scale = alpha / rank
        possible = min(rank, rows, columns)
        self.down = nn.Parameter(torch.randn(possible, columns).to(weight) * columns**-0.5)
        self.up = nn.Parameter(weight.new_zeros(rows, possible))

    def forward(self, weight: Float[Tensor, "out ..."]) -> Float[Tensor, "out ..."]:
        return weight + self.scale * (self.up @ self.down).view_as(weight)


@register("adapter", "lora")
@dataclass(frozen=True)
class LoRA(WeightAdapter):
    """A low-rank change of the weights of the `targets`, parts of the synthesizer.

    `W + alpha / rank * B A` with `B = 0` at first, after weight norm where a layer has it. Its parameters are
    `rank * (out + in * kernel)` of every weight. It merges into the base's own weights, names and all.
    The paper adapts dense projections, those of attention above all; by default so does this: `layers=dense` are
    the linear layers and convolutions of kernel 1 (queries, keys, values, outputs, and what projects between
    channels), `layers=all` have also the wider kernels, which are most of the weights.
    Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, 2021, sections 4.1 and 4.2.
    """

    def change(self, weight: Float[Tensor, "out ..."]) -> LowRankChange:
        return LowRankChange(weight, self.rank, self.alpha)
