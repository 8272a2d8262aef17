"""The axes: one choice on each is an adaptation.

A new axis is a field here, a folder of registered classes, and a group of the configuration; names, records, tables
and figures are loops over `AXES` and know none of them by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from strategies.adapters.adapter import Adapter
from strategies.average.average import Average
from strategies.context import AdaptationContext
from strategies.freeze.freeze_policy import FreezePolicy
from strategies.initialisers.embedding_init import EmbeddingInit
from strategies.penalties.penalty import Penalties, Penalty
from strategies.rehearsal.rehearsal import Rehearsal
from strategies.stop.stop import Stop

NONE = "none"
T = TypeVar("T", covariant=True)


@dataclass(frozen=True)
class Choice(Generic[T]):
    """An option of the configuration: its name there, and the object that it stands for."""

    name: str
    value: T

    @property
    def contents(self) -> list[Any]:
        """The name and the settings as plain data."""
        return [self.name, asdict(self.value)]  # pyright: ignore[reportArgumentType]  # every method is a dataclass


@dataclass(frozen=True)
class PenaltyChoice:
    """Any number of penalties; their order means nothing."""

    penalties: tuple[Choice[Penalty], ...]

    @property
    def name(self) -> str:
        return "+".join(sorted(choice.name for choice in self.penalties)) or NONE

    @property
    def contents(self) -> list[Any]:
        """The names and the settings as plain data."""
        return sorted(choice.contents for choice in self.penalties)

    def prepare(self, context: AdaptationContext) -> Penalties:
        """All of their terms."""
        return Penalties([choice.value.prepare(context) for choice in self.penalties])


@dataclass(frozen=True)
class Adaptation:
    """One choice on each axis: where new embeddings start, what may move, and what is added, penalised, rehearsed
    and averaged, and when training stops.
    """

    strategy: Choice[EmbeddingInit]
    freeze: Choice[FreezePolicy]
    adapter: Choice[Adapter]
    penalty: PenaltyChoice
    rehearsal: Choice[Rehearsal]
    average: Choice[Average]
    stop: Choice[Stop]

    def __iter__(self) -> Iterator[tuple[str, Choice[Any] | PenaltyChoice]]:
        """Each axis with its choice."""
        return ((axis, getattr(self, axis)) for axis in AXES)

    @property
    def names(self) -> dict[str, str]:
        """What is chosen on each axis."""
        return {axis: choice.name for axis, choice in self}

    @property
    def contents(self) -> Mapping[str, Any]:
        """Each axis with the name and the settings of its choice, as plain data."""
        return {axis: choice.contents for axis, choice in self}

    @property
    def teachers(self) -> tuple[str, ...]:
        """Pretrained models whose opinion any of the choices uses."""
        of_penalties = [teacher for choice in self.penalty.penalties for teacher in choice.value.teachers]
        return tuple(dict.fromkeys([*self.strategy.value.teachers, *of_penalties]))


AXES: tuple[str, ...] = tuple(field.name for field in fields(Adaptation))
BY_DEFAULT: Mapping[str, str] = MappingProxyType(dict.fromkeys(AXES, NONE) | {"strategy": "nearest"})
"""What `conf/grid.yaml` chooses on each axis."""
ALWAYS_NAMED = ("strategy", "freeze")  # in a cell's name even where nothing else was asked for
