"""Cells that a race dropped: they have no result, and are told of beside those that do."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from runners.results.cell_folder import CELL_JSON, DROPPED, WAITS_AT
from vits.common.errors import InputError
from vits.common.shapes import mismatch


class _Dropped(TypedDict):
    step: int
    metric: str
    system: str
    leader: str
    at_least: float


class _Length(TypedDict):
    steps: int
    evaluations: list[int]


class _Record(TypedDict):
    seed: int
    dropped: _Dropped
    identity_of: _Length
    cost: dict[str, float | None]
    waits_at: int


@dataclass(frozen=True)
class DroppedCell:
    """After how many of its steps a cell was dropped, behind which system, and by how much it would end below that one
    at least, by the metric. `saved_s` are the seconds that the rest would have taken, as what was done took; NaN where
    that isn't known."""

    name: str
    system: str
    seed: int
    step: int
    steps: int
    metric: str
    leader: str
    at_least: float
    saved_s: float


def dropped_cells(records: Iterable[tuple[Path, Mapping[str, Any]]]) -> tuple[DroppedCell, ...]:
    """Those of an experiment's cells, by folder and record, that were dropped.

    Raises:
        InputError: a record is damaged.
    """
    return tuple(_cell(path, record) for path, record in records if record.get("status") == DROPPED)


def _cell(path: Path, record: Mapping[str, Any]) -> DroppedCell:
    wrong = mismatch(record, _Record)
    if wrong is not None:
        raise InputError(f"{path / CELL_JSON} is damaged: {wrong}; restore it, or remove the folder")
    found, steps = record["dropped"], record["identity_of"]["steps"]
    return DroppedCell(
        path.name,
        found["system"],
        record["seed"],
        found["step"],
        steps,
        found["metric"],
        found["leader"],
        found["at_least"],
        _saved_s(record),
    )


def _saved_s(record: Mapping[str, Any]) -> float:
    """Seconds of the steps and evaluations that were left, each as long as those that were done."""
    done, length, cost = record[WAITS_AT], record["identity_of"], record["cost"]
    trained_s, evaluated_s = cost.get("training_cpu_s"), cost.get("evaluation_s")
    evaluations = [step <= done for step in length["evaluations"]]
    if trained_s is None or evaluated_s is None or done == 0 or not any(evaluations):
        return math.nan
    left = evaluations.count(False)
    return trained_s * (length["steps"] - done) / done + evaluated_s * left / evaluations.count(True)
