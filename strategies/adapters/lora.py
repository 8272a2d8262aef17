"""Learn a low-rank change of the weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn

from strategies.adapters.adapter import Adapter
from strategies.adapters.weight_changes import WeightChange, change_weights, fold_changes
from vits.common.bounds import Above, AtLeast, Items, OneOf, check_fields
from vits.common.registry import register
from vits.model_spec import PARTS
from vits.synthesizer import Synthesizer


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
class LoRA(Adapter):
    """A low-rank change of the weights of the `targets`, parts of the synthesizer.

    `W + alpha / rank * B A` with `B = 0` at first, after weight norm where a layer has it. Its parameters are
    `rank * (out + in * kernel)` of every weight. It merges into the base's own weights, names and all.
    The paper adapts dense projections, those of attention above all; by default so does this: `layers=dense` are
    the linear layers and convolutions of kernel 1 (queries, keys, values, outputs, and what projects between
    channels), `layers=all` have also the wider kernels, which are most of the weights.
    Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, 2021, sections 4.1 and 4.2.
    """

    rank: Annotated[int, AtLeast(1)] = 8
    alpha: Annotated[float, Above(0)] = 16.0
    targets: Annotated[list[Annotated[str, OneOf(*PARTS)]], Items(least=1)] = field(
        default_factory=lambda: ["text_encoder", "flow"]
    )
    layers: Annotated[str, OneOf("dense", "all")] = "dense"

    def __post_init__(self) -> None:
        check_fields(self, "adapter")

    def attach(self, synthesizer: Synthesizer) -> None:
        change_weights(
            synthesizer, self.targets, self.layers, lambda weight: LowRankChange(weight, self.rank, self.alpha)
        )

    def merge(self, synthesizer: Synthesizer) -> bool:
        fold_changes(synthesizer)
        return True
