"""Learn the length of the weights, and a low-rank change of their direction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from jaxtyping import Float
from torch import Tensor, nn

from strategies.adapters.adapter import Adapter
from strategies.adapters.lora import LowRankChange
from strategies.adapters.weight_changes import WeightChange, change_weights, fold_changes
from vits.common.bounds import Above, AtLeast, Items, OneOf, check_fields
from vits.common.registry import register
from vits.model_spec import PARTS
from vits.synthesizer import Synthesizer


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
class DoRA(Adapter):
    """LoRA for the direction of each row of the weights, and a number for its length.

    `m (W + alpha / rank * B A) / ||W + alpha / rank * B A||` with `B = 0` and `m = ||W||` at first; norms are over
    an output channel's inputs. Its parameters are LoRA's and `out` more of every weight. It merges as LoRA does, and
    `layers` means the same. Liu et al., DoRA: Weight-Decomposed Low-Rank Adaptation, 2024, equations 5 and 11.
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
            synthesizer, self.targets, self.layers, lambda weight: DirectionAndLength(weight, self.rank, self.alpha)
        )

    def merge(self, synthesizer: Synthesizer) -> bool:
        fold_changes(synthesizer)
        return True


def _lengths(weight: Float[Tensor, "out ..."]) -> Float[Tensor, "out"]:
    return weight.flatten(1).norm(dim=1)
