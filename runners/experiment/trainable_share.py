"""How much of the model an adaptation trains."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from strategies.adapters.per_voice import place_among_sets
from strategies.freeze.freeze_policy import NEW_ROWS


@dataclass(frozen=True)
class TrainableShare:
    """Of one part of the model: how many parameters it has, and how many of them are trained."""

    part: str
    parameters: int
    trainable: int

    @property
    def percent(self) -> float:
        return 100 * self.trainable / self.parameters if self.parameters else 0.0


def trainable_shares(synthesizer: nn.Module) -> list[TrainableShare]:
    """One line for each part, and one for the whole."""
    shares = [_share(name, part) for name, part in synthesizer.named_children()]
    return [*shares, _share("synthesizer", synthesizer)]


def bytes_of_a_voice(synthesizer: nn.Module) -> int:
    """What one new voice needs beside the base: a row and a set of its own, and all else that was trained."""
    sizes = {name: p.numel() * p.element_size() for name, p in synthesizer.named_parameters() if p.requires_grad}
    rows = [size for name, size in sizes.items() if name.startswith(NEW_ROWS)]
    of_others = [size for name, size in sizes.items() if place_among_sets(name)]
    return sum(sizes.values()) - sum(rows[1:]) - sum(of_others)


def _share(name: str, module: nn.Module) -> TrainableShare:
    return TrainableShare(
        name,
        sum(parameter.numel() for parameter in module.parameters()),
        sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad),
    )
