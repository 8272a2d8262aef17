"""What one finished cell left behind: its record, its choices, and its tables."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict

import pandas as pd

from runners.results.cell_folder import CELL_JSON, FINISHED, CellFolder
from runners.results.further_scores import FurtherScores
from strategies.adaptation import ALWAYS_NAMED
from vits.common.errors import InputError
from vits.common.readers import read_table, read_yaml
from vits.common.shapes import mismatch
from vits.corpus.split import TEST

DEFAULT = "default"  # what a system has of a setting in which only others differ
CLIP_COLUMNS = ("split", "speaker", "text", "path")
NOTE_COLUMNS = ("step", "split", "speaker", "utterance", "note", "text")


class _ChosenMore(TypedDict, total=False):
    by: str | None
    gain: dict[str, float]


class _Chosen(_ChosenMore):
    step: int


class _Summary(TypedDict):
    step: int
    split: str
    metric: str
    mean: float
    spread: float


class _Trainable(TypedDict):
    percent: float


class _Identity(TypedDict, total=False):
    metrics: list[str]


class _RecordMore(TypedDict, total=False):
    settings: dict[str, str]
    chosen: _Chosen | None
    teachers: list[str]
    recognised: dict[str, dict[str, int]]
    identity_of: _Identity
    cost: dict[str, float | None]


class FinishedRecord(_RecordMore):
    """What a report reads in the cell.json of a finished cell."""

    axes: dict[str, str]
    seed: int
    base: str
    trainable: list[_Trainable]
    summary: list[_Summary]


@dataclass(frozen=True)
class Chosen:
    """The step that a cell's result is of. `by` is what chose it, None where it is simply the last one.

    `gain` is by how much the chosen step's validation scores differ from the last one's, by metric.
    """

    step: int
    by: str | None
    gain: Mapping[str, float]


@dataclass(frozen=True)
class CellResult:
    """One finished cell: its folder and what cell.json says of it."""

    folder: Path
    record: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def seed(self) -> int:
        return self.record["seed"]

    @cached_property
    def facets(self) -> Mapping[str, str]:
        """Its choices on the axes, and its settings that differ from the experiment's default."""
        return {**self.record["axes"], **dict(sorted(self.record.get("settings", {}).items()))}

    @cached_property
    def chosen(self) -> Chosen:
        """Which step the result is of."""
        given = self.record.get("chosen")
        if given is None:
            return Chosen(max((entry["step"] for entry in self.record["summary"]), default=0), None, {})
        return Chosen(given["step"], given.get("by"), given.get("gain", {}))

    def cost(self, name: str) -> float:
        """What it cost, by the name in cell.json, such as `training_s`; NaN where that isn't known."""
        found = self.record.get("cost", {}).get(name)
        return math.nan if found is None else float(found)

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """The cell's configuration as plain values; empty where it was not written."""
        path = self.folder / "config.yaml"
        return read_yaml(path, dict[str, Any]) if os.path.lexists(path) else {}

    @cached_property
    def clips(self) -> pd.DataFrame:
        """Which clip was used for what: columns `split, speaker, text, path`, all text."""
        path = self.folder / "split.csv"
        if not os.path.lexists(path):
            return pd.DataFrame(columns=pd.Index(CLIP_COLUMNS))
        return read_table(path, CLIP_COLUMNS, "|", quoted=False)

    def table(self, name: str, columns: Sequence[str]) -> pd.DataFrame:
        """A table of the cell's folder; without rows where it was not written."""
        return _with_columns(CellFolder(self.folder).table(name), columns)

    def further(self, name: str, columns: Sequence[str]) -> pd.DataFrame:
        """The same of the sentences that it spoke when more were asked for."""
        return _with_columns(FurtherScores(self.folder).table(name), columns)

    @cached_property
    def n_further(self) -> int:
        """How many sentences each voice has spoken besides."""
        return FurtherScores(self.folder).n_sentences

    @cached_property
    def transcripts(self) -> Mapping[tuple[str, str], str]:
        """What was heard in the test sentences of the chosen step, by speaker and utterance."""
        notes = self.table("transcripts", NOTE_COLUMNS)
        kept = notes[(notes["step"] == self.chosen.step) & (notes["split"] == TEST) & (notes["note"] == "transcript")]
        return {(row.speaker, row.utterance): row.text for row in kept.itertuples()}


def _with_columns(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The table; where it has no rows, with these columns."""
    return table if len(table) or not columns else pd.DataFrame(columns=pd.Index(columns))


def facets_shown(cells: Sequence[CellResult]) -> tuple[str, ...]:
    """Of the axes and settings those that are always named, and those in which cells differ."""
    names = dict.fromkeys(name for cell in cells for name in cell.facets)
    differ = {name for name in names if len({cell.facets.get(name, DEFAULT) for cell in cells}) > 1}
    return tuple(name for name in names if name in ALWAYS_NAMED or name in differ)


def finished_cells(folder: Path) -> list[CellResult]:
    """The cells of an experiment's folder that have their result, by name.

    Raises:
        InputError: one was written by a version of this project that knew no axes, or is damaged.
    """
    cells = [CellResult(path, record) for path, record in records(folder) if record.get("status") == FINISHED]
    for cell in cells:
        if not isinstance(cell.record.get("axes"), Mapping):
            raise InputError(
                f"{cell.folder} was written by an earlier version of this project; "
                "remove it, or choose another name=... for the experiment"
            )
        CellFolder(cell.folder).check_files()
        wrong = mismatch(cell.record, FinishedRecord)
        if wrong is not None:
            raise InputError(f"{cell.folder / CELL_JSON} is damaged: {wrong}; restore it, or remove the folder")
    return cells


def records(folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    """The folder and the record of every cell."""
    return [(path.parent, CellFolder(path.parent).record) for path in sorted(folder.glob(f"*/{CELL_JSON}"))]
