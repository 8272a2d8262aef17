"""Changes that are learned on top of weights, and folded into them in the end."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parametrize

from strategies.adapters.per_voice import VoiceAdapter, VoiceSets
from vits.common.bounds import AtLeast, AtMost, Items, OneOf, check_fields
from vits.common.errors import InputError
from vits.common.quantities import PositiveFactor
from vits.model_spec import PARTS
from vits.synthesizer import Synthesizer

WEIGHT = "weight"


class WeightChange(nn.Module):
    """Computes the changed weight from the base's."""


class ChangesByVoice(VoiceSets):
    """A change of a layer's weight for each of some voices."""

    def alone(self, own: nn.Module, layer: nn.Module, x: Tensor, output: Tensor) -> Tensor:
        return _applied(layer, x, own(layer.weight), cast(Tensor | None, layer.bias))

    def among(self, own: nn.Module, layer: nn.Module, x: Tensor, output: Tensor) -> Tensor:
        return output + _applied(layer, x, own(layer.weight) - cast(Tensor, layer.weight), None)


@dataclass(frozen=True)
class WeightAdapter(VoiceAdapter):
    """Learns a change of the weights of the `targets`, of a rank and a strength, and merges into them.

    With `per_voice` each new voice has a change of its own, and there is no one weight that they could merge into.
    `layers=dense` are the linear layers and convolutions of kernel 1, `layers=all` have the wider kernels too.
    """

    rank: Annotated[int, AtLeast(1), AtMost(4096)] = 8
    alpha: PositiveFactor = 16.0
    targets: Annotated[list[Annotated[str, OneOf(*PARTS)]], Items(least=1)] = field(
        default_factory=lambda: ["text_encoder", "flow"]
    )
    layers: Annotated[str, OneOf("dense", "all")] = "dense"

    def __post_init__(self) -> None:
        check_fields(self, "adapter")

    @abstractmethod
    def change(self, weight: Float[Tensor, "out ..."]) -> WeightChange:
        """What is learned on top of one weight; at first it gives the weight itself."""

    def attach(self, synthesizer: Synthesizer) -> None:
        chosen = list(_layers(synthesizer, self.targets, self.layers))
        if not chosen:
            raise InputError(
                f"adapter.targets={self.targets} have no weights of adapter.layers={self.layers}; name other parts"
            )
        self.stand_at(synthesizer, chosen, self._new_change, ChangesByVoice)

    def share(self, layer: nn.Module, module: nn.Module) -> None:
        parametrize.register_parametrization(layer, WEIGHT, module)

    def _new_change(self, layer: nn.Conv1d | nn.Linear) -> WeightChange:
        return self.change(layer.weight.detach()).train(layer.training)

    def merge(self, synthesizer: Synthesizer) -> bool:
        if self.per_voice:
            return False
        for module in list(synthesizer.modules()):
            if parametrize.is_parametrized(module, WEIGHT) and isinstance(_steps(module)[-1], WeightChange):
                _fold(module)
        return True


def _applied(layer: nn.Module, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """What a layer gives with another weight and bias."""
    if isinstance(layer, nn.Linear):
        return nn.functional.linear(x, weight, bias)
    assert isinstance(layer, nn.Conv1d)
    return nn.functional.conv1d(x, weight, bias, layer.stride, layer.padding, layer.dilation, layer.groups)


def _layers(synthesizer: Synthesizer, targets: Sequence[str], layers: str) -> Iterator[nn.Conv1d | nn.Linear]:
    """The layers of the targets whose weight is a parameter; some models store weights that nothing uses."""
    for part in dict.fromkeys(targets):
        for layer in synthesizer.get_submodule(part).modules():
            if isinstance(layer, nn.Conv1d | nn.Linear) and _is_wanted(layer, layers):
                yield layer


def _is_wanted(layer: nn.Conv1d | nn.Linear, layers: str) -> bool:
    wanted = layers == "all" or isinstance(layer, nn.Linear) or layer.kernel_size == (1,)
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
