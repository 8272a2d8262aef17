"""Changes that are learned on top of weights, and folded into them in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from vits.common.errors import InputError
from vits.synthesizer import Synthesizer

WEIGHT = "weight"


class WeightChange(nn.Module):
    """Computes the changed weight from the base's."""


def change_weights(
    synthesizer: Synthesizer, targets: Sequence[str], layers: str, change: Callable[[Tensor], WeightChange]
) -> None:
    """Put a change on every weight of some parts: of all layers, or with `layers="dense"` of those of kernel 1.

    Raises:
        InputError: the parts have no such weight.
    """
    chosen = list(_layers(synthesizer, targets, layers))
    if not chosen:
        raise InputError(
            f"adapter.targets={list(targets)} have no weights of adapter.layers={layers}; name other parts"
        )
    for layer in chosen:
        changed = change(layer.weight.detach())
        changed.train(layer.training)
        parametrize.register_parametrization(layer, WEIGHT, changed)


def fold_changes(synthesizer: Synthesizer) -> None:
    """Leave the changed weights where the base had its own, names and all."""
    for module in list(synthesizer.modules()):
        if parametrize.is_parametrized(module, WEIGHT) and isinstance(_steps(module)[-1], WeightChange):
            _fold(module)


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
