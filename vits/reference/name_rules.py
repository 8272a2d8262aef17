"""How a name of a parameter there becomes one here, and back, by a table of rules.

A rule pairs the beginning of a name there with the beginning of it here; `#` stands for a number. What follows is
looked up in the rule's own table, and kept where that has no rule for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from vits.common.errors import InputError

Numbers = tuple[int, ...]


@dataclass(frozen=True)
class Numbering:
    """How the numbers in a name there become those here, and back; None where there is no counterpart."""

    to_ours: Callable[[Numbers], Numbers | None]
    to_theirs: Callable[[Numbers], Numbers | None]


@dataclass(frozen=True)
class Rule:
    """A beginning of names there, the same here, and the rules of what follows."""

    theirs: str
    ours: str
    below: tuple[Rule, ...] = ()
    numbering: Numbering = Numbering(lambda numbers: numbers, lambda numbers: numbers)


Table = tuple[Rule, ...]

WEIGHT_NORM = (
    ("weight_g", "parametrizations.weight.original0"),
    ("weight_v", "parametrizations.weight.original1"),
)


def renamed(state: Mapping[str, Tensor], table: Table) -> dict[str, Tensor]:
    """The same tensors under our names. Names that no rule knows stay, for a strict load to report."""
    return {_to_ours(name, table) or name: tensor for name, tensor in state.items()}


def reference_named(state: Mapping[str, Tensor], table: Table) -> dict[str, Tensor]:
    """The same tensors under the reference's names.

    Raises:
        InputError: the reference has no name for some of them.
    """
    names = {name: _to_theirs(name, table) for name in state}
    unknown = [name for name, theirs in names.items() if theirs is None]
    if unknown:
        raise InputError(
            f"the reference's format has no name for {len(unknown)} tensors of this model ({unknown[0]}, ...); "
            "only models made of its own parts can be written in it"
        )
    return {theirs: state[name] for name, theirs in names.items() if theirs is not None}


def their_name(name: str, table: Table) -> str:
    """What a parameter of ours is called there, for messages; our own name where they have none."""
    return _to_theirs(name, table) or name


def _to_ours(name: str, table: Table) -> str | None:
    for rule in table:
        rest = _translated(name, rule.theirs, rule.ours, rule.numbering.to_ours)
        if rest is not None:
            begin, end = rest
            return _joined(begin, _to_ours(end, rule.below) or _leaf(end, WEIGHT_NORM))
    return None


def _to_theirs(name: str, table: Table) -> str | None:
    for rule in table:
        rest = _translated(name, rule.ours, rule.theirs, rule.numbering.to_theirs)
        if rest is not None:
            begin, end = rest
            pairs = tuple((ours, theirs) for theirs, ours in WEIGHT_NORM)
            return _joined(begin, _to_theirs(end, rule.below) or _leaf(end, pairs))
    return None


def _translated(
    name: str, source: str, target: str, numbering: Callable[[Numbers], Numbers | None]
) -> tuple[str, str] | None:
    """The counterpart of the beginning of a name, and what follows it; None where the rule doesn't fit."""
    components, pattern = name.split("."), source.split(".")
    if len(components) < len(pattern):
        return None
    numbers = []
    for component, expected in zip(components, pattern, strict=False):
        if expected == "#" and component.isdecimal():
            numbers.append(int(component))
        elif expected != component:
            return None
    counted = numbering(tuple(numbers))
    if counted is None:
        return None
    remaining = iter(counted)
    begin = ".".join(str(next(remaining)) if part == "#" else part for part in target.split("."))
    return begin, ".".join(components[len(pattern) :])


def _leaf(name: str, pairs: tuple[tuple[str, str], ...]) -> str:
    """The end of a name, with the two halves of a normed weight under their other names."""
    for source, target in pairs:
        if name == source or name.endswith(f".{source}"):
            return name.removesuffix(source) + target
    return name


def _joined(begin: str, end: str) -> str:
    return f"{begin}.{end}" if end else begin


def every(stride: int, first: int) -> Numbering:
    """Ours are numbered on their own, theirs in a list where each `stride`-th from `first` on is of the kind."""

    def to_ours(numbers: Numbers) -> Numbers | None:
        steps, other = divmod(numbers[0] - first, stride)
        return None if other or steps < 0 else (steps,)

    return Numbering(to_ours, lambda numbers: (numbers[0] * stride + first,))


def in_stages(per_stage: int) -> Numbering:
    """Ours are numbered within their stage, theirs through all stages."""
    return Numbering(
        lambda numbers: divmod(numbers[0], per_stage),
        lambda numbers: (numbers[0] * per_stage + numbers[1],) if numbers[1] < per_stage else None,
    )
