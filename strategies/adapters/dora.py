"""Learn the length of the weights, and a low-rank change of their direction."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from strategies.adapters.lora import LowRankChange
from strategies.adapters.weight_changes import WeightAdapter, WeightChange
from vits.common.registry import register


class DirectionAndLength(WeightChange):
    """A weight whose rows, one an output channel, have a learned length and a direction of low-rank change.

    The length by which a changed row is divided counts as a constant in the gradient (section 4.3 of the paper).
    """

    def __init__(self, weight: Float[Tensor, "out ..."], rank: int, alpha: float) -> None:
        super().__init__()
        self.direction = LowRankChange(weight, rank, alpha)
        self.length = nn.Parameter(_lengths(weight))

    def forward(self, weight: Float[Tensor, "out ..."]) -> Float[Tensor, "out ..."]:
        changed = self.direction(weight)
        factors = self.length / _lengths(changed.detach())
        return changed * factors.view(-1, *[1] * (weight.ndim - 1))


@register("adapter", "dora")
@dataclass(frozen=True)
class DoRA(WeightAdapter):
    """LoRA for the direction of each row of the weights, and a number for its length.

    `m (W + alpha / rank * B A) / ||W + alpha / rank * B A||` with `B = 0` and `m = ||W||` at first; norms are over
    an output channel's inputs. Its parameters are LoRA's and `out` more of every weight. It merges as LoRA does, and
    `layers` means the same. Liu et al., DoRA: Weight-Decomposed Low-Rank Adaptation, 2024, equations 5 and 11.
    """

    def change(self, weight: Float[Tensor, "out ..."]) -> DirectionAndLength:
        return DirectionAndLength(weight, self.rank, self.alpha)


def _lengths(weight: Float[Tensor, "out ..."]) -> Float[Tensor, "out"]:
    return weight.flatten(1).norm(dim=1)
