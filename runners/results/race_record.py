"""The record of a race in an experiment's folder: who takes part, by which rule, and what every look decided.

It follows from the cells' scores alone: whoever looks at them again comes to the same. A command with another field
or another rule begins another race, whose record takes the place of this one; a dropped cell keeps its own note.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypedDict

from metrics.statistics.racing import Behind
from vits.common.atomic_files import content_key, write_atomically
from vits.common.errors import InputError
from vits.common.readers import read_json

RACE_JSON = "race.json"
AGAIN = "remove it, and the same command takes every look again, at the same scores"


@dataclass(frozen=True)
class Racer:
    """A cell that takes part: which system's it is, and its seed."""

    system: str
    seed: int


@dataclass(frozen=True)
class Rule:
    """By which metric systems fall behind, which metrics with which margins say who may lead, the chance of error that
    all looks share, and by how much better a dropped system might have ended after all, in the aim's unit."""

    aim: str
    guards: Mapping[str, float]
    alpha: float
    margin: float = 0.0


@dataclass(frozen=True)
class Look:
    """What was decided after a step: `systems` took part, `excluded` says which guard keeps a system from leading,
    and `without` are those that lacked scores, which stay in the race."""

    step: int
    systems: tuple[str, ...]
    excluded: Mapping[str, str]
    without: tuple[str, ...]
    dropped: tuple[Behind, ...]


@dataclass(frozen=True)
class Race:
    """A field of cells by name, the steps at which all are evaluated, and the looks that were taken."""

    cells: Mapping[str, Racer]
    stages: tuple[int, ...]
    rule: Rule
    looks: tuple[Look, ...] = ()

    @property
    def stages_looked_at(self) -> tuple[int, ...]:
        """After which there is a look: two stages tell a slope, and after the last there is nothing to save."""
        return self.stages[1:-1]

    @property
    def systems(self) -> tuple[str, ...]:
        """All that take part, in the order of their cells."""
        return tuple(dict.fromkeys(racer.system for racer in self.cells.values()))

    @property
    def dropped(self) -> dict[str, tuple[int, Behind]]:
        """After which step each dropped system fell, and behind whom."""
        return {found.system: (look.step, found) for look in self.looks for found in look.dropped}

    @property
    def relied_on(self) -> tuple[str, ...]:
        """The systems behind which others fell."""
        return tuple(dict.fromkeys(found.leader for _, found in self.dropped.values()))

    @property
    def left(self) -> tuple[str, ...]:
        """The systems that are still trained."""
        return tuple(system for system in self.systems if system not in self.dropped)

    def with_look(self, look: Look) -> Race:
        """The same with one more look."""
        return replace(self, looks=(*self.looks, look))


class _Behind(TypedDict):
    system: str
    leader: str
    at_least: float


class _Look(TypedDict):
    step: int
    systems: list[str]
    excluded: dict[str, str]
    without: list[str]
    dropped: list[_Behind]


class _Racer(TypedDict):
    system: str
    seed: int


class _RuleWithoutMargin(TypedDict):
    aim: str
    guards: dict[str, float]
    alpha: float


class _Rule(_RuleWithoutMargin, total=False):
    margin: float  # races that were begun before there was one have none


class _Record(TypedDict):
    cells: dict[str, _Racer]
    stages: list[int]
    rule: _Rule
    looks: list[_Look]
    checksum: str


def begin_race(experiment: Path, race: Race) -> None:
    """Write down who takes part, unless this race is written down already.

    Raises:
        InputError: the record that is there was changed, or none can be written.
    """
    before = read_race(experiment)
    if before is None or replace(before, looks=()) != race:
        write_race(experiment, race)


def write_race(experiment: Path, race: Race) -> None:
    """Replace the record."""
    record = asdict(race)
    text = json.dumps(record | {"checksum": _checksum(record)}, indent=1, ensure_ascii=False)
    write_atomically(experiment / RACE_JSON, text.encode())


def read_race(experiment: Path) -> Race | None:
    """The record; None where there is none.

    Raises:
        InputError: it was changed since it was written.
    """
    path = experiment / RACE_JSON
    if not os.path.lexists(path):
        return None
    record = read_json(path, _Record)
    if record["checksum"] != _checksum({key: value for key, value in record.items() if key != "checksum"}):
        raise InputError(f"{path} was changed since it was written; {AGAIN}")
    return Race(
        {name: Racer(**racer) for name, racer in record["cells"].items()},
        tuple(record["stages"]),
        Rule(**record["rule"]),
        tuple(_look(look) for look in record["looks"]),
    )


def _look(look: _Look) -> Look:
    return Look(
        look["step"],
        tuple(look["systems"]),
        look["excluded"],
        tuple(look["without"]),
        tuple(Behind(**found) for found in look["dropped"]),
    )


def _checksum(record: Mapping[str, Any]) -> str:
    return content_key([json.dumps(record, sort_keys=True).encode()])
