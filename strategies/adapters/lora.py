"""Learn a low-rank change of the weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parametrize

from strategies.adapters.adapter import Adapter
from vits.common.bounds import Above, AtLeast, Items, OneOf, check_fields
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
        layers = list(self._layers(synthesizer))
        if not layers:
            raise InputError(
                f"adapter.targets={self.targets} have no weights of adapter.layers={self.layers}; name other parts"
            )
        for layer in layers:
            change = LowRankChange(layer.weight.detach(), self.rank, self.alpha)
            change.train(layer.training)
            parametrize.register_parametrization(layer, WEIGHT, change)

    def merge(self, synthesizer: Synthesizer) -> bool:
        for module in list(synthesizer.modules()):
            if parametrize.is_parametrized(module, WEIGHT) and isinstance(_steps(module)[-1], LowRankChange):
                _fold(module)
        return True

    def _layers(self, synthesizer: Synthesizer) -> Iterator[nn.Conv1d | nn.Linear]:
        """The layers of the targets whose weight is a parameter; some models store weights that nothing uses."""
        for part in dict.fromkeys(self.targets):
            for layer in synthesizer.get_submodule(part).modules():
                if isinstance(layer, nn.Conv1d | nn.Linear) and self._adapts(layer):
                    yield layer

    def _adapts(self, layer: nn.Conv1d | nn.Linear) -> bool:
        wanted = self.layers == "all" or isinstance(layer, nn.Linear) or layer.kernel_size == (1,)
        return wanted and layer.weight.numel() > 0 and _learns(layer)


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
