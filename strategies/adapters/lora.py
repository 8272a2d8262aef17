"""Learn a low-rank change of the weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parametrize

from strategies.adapters.adapter import Adapter
from vits.common.errors import InputError
from vits.common.registry import register
from vits.model_spec import PARTS
from vits.synthesizer import Synthesizer

WEIGHT = "weight"


class LowRankChange(nn.Module):
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
    """A low-rank change of every linear and convolutional weight of the `targets`, parts of the synthesizer.

    `W + alpha / rank * B A` with `B = 0` at first, after weight norm where a layer has it. Its parameters are
    `rank * (out + in * kernel)` of every weight. It merges into the base's own weights, names and all.
    Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, 2021, section 4.1.
    """

    rank: int = 8
    alpha: float = 16.0
    targets: list[str] = field(default_factory=lambda: ["text_encoder", "flow"])

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise InputError(f"adapter.rank={self.rank} must be 1 or more")
        if not 0 < self.alpha < float("inf"):
            raise InputError(f"adapter.alpha={self.alpha} must be above 0 and finite")
        unknown = sorted(set(self.targets) - set(PARTS))
        if unknown or not self.targets:
            raise InputError(f"adapter.targets={self.targets} must be one or more of {', '.join(PARTS)}")

    def attach(self, synthesizer: Synthesizer) -> None:
        layers = list(self._layers(synthesizer))
        if not layers:
            raise InputError(
                f"adapter.targets={self.targets} have no linear or convolutional weights; name other parts"
            )
        for layer in layers:
            change = LowRankChange(layer.weight.detach(), self.rank, self.alpha)
            change.train(layer.training)
            parametrize.register_parametrization(layer, WEIGHT, change)

    def merge(self, synthesizer: Synthesizer) -> None:
        for module in synthesizer.modules():
            if parametrize.is_parametrized(module, WEIGHT) and isinstance(_steps(module)[-1], LowRankChange):
                _fold(module)

    def _layers(self, synthesizer: Synthesizer) -> Iterator[nn.Conv1d | nn.Linear]:
        """The layers of the targets whose weight is a parameter; some models store weights that nothing uses."""
        for part in dict.fromkeys(self.targets):
            for layer in synthesizer.get_submodule(part).modules():
                if isinstance(layer, nn.Conv1d | nn.Linear) and layer.weight.numel() and _learns(layer):
                    yield layer


def _steps(layer: nn.Module) -> parametrize.ParametrizationList:
    """What a weight goes through before it is used."""
    return cast(parametrize.ParametrizationList, layer.get_submodule(f"parametrizations.{WEIGHT}"))


def _learns(layer: nn.Module) -> bool:
    """Whether the weight, or what weight norm makes it of, is a parameter rather than a buffer."""
    if parametrize.is_parametrized(layer, WEIGHT):
        return any(True for _ in _steps(layer).parameters())
    return any(name == WEIGHT for name, _ in layer.named_parameters(recurse=False))


@torch.no_grad()
def _fold(layer: nn.Module) -> None:
    """Leave the changed weight where the base had its own: plain, or split by weight norm."""
    steps = _steps(layer)
    if len(steps) == 1:
        parametrize.remove_parametrizations(layer, WEIGHT, leave_parametrized=True)
        return
    changed = steps().clone()
    del steps[-1]
    steps.right_inverse(changed)
