"""What the cells of an experiment left behind, as systems with seeds and as tables with one row per value."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict

import pandas as pd

from metrics.metric import Metric
from runners.results.cell_folder import CELL_JSON, FINISHED, CellFolder
from strategies.adaptation import ALWAYS_NAMED, AXES, NONE
from vits.common.errors import InputError
from vits.common.readers import parse_json, read_table, read_yaml
from vits.common.registry import registered
from vits.common.shapes import mismatch
from vits.corpus.split import TEST, VALIDATION

DEFAULT = "default"  # what a system has of a setting in which only others differ
SPLITS = (TEST, VALIDATION)
SHARED = ("data", "evaluation", "metrics", "precision")
"""Of a cell's identity what all cells must have in common for their scores to be comparable."""
SCORE_COLUMNS = ("system", "seed", "step", "split", "speaker", "utterance", "metric", "value")
REFERENCE_COLUMNS = ("reference", *SCORE_COLUMNS)
CLIP_COLUMNS = ("split", "speaker", "text", "path")
NOTE_COLUMNS = ("step", "split", "speaker", "utterance", "note", "text")
TEXT_COLUMNS = ("split", "speaker", "utterance", "text")


class _AskedMetric(TypedDict):
    metric: str


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
    identity_of: _Identity


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
        table = CellFolder(self.folder).table(name)
        return table if len(table) or not columns else pd.DataFrame(columns=pd.Index(columns))

    @cached_property
    def transcripts(self) -> Mapping[tuple[str, str], str]:
        """What was heard in the test sentences of the chosen step, by speaker and utterance."""
        notes = self.table("transcripts", NOTE_COLUMNS)
        kept = notes[(notes["step"] == self.chosen.step) & (notes["split"] == TEST) & (notes["note"] == "transcript")]
        return {(row.speaker, row.utterance): row.text for row in kept.itertuples()}


@dataclass(frozen=True)
class System:
    """What is compared: an adaptation, with all that makes it a system of its own but the seed.

    `facets` are its choices on the axes and its settings that differ from the experiment's default; there is one
    cell for each seed.
    """

    facets: Mapping[str, str]
    cells: tuple[CellResult, ...]

    @cached_property
    def label(self) -> str:
        """Its name in all tables: `nearest · decoder`, and behind it what else tells it from others."""
        named = [self.facets[axis] for axis in ALWAYS_NAMED]
        more = [f"{name}={value}" for name, value in self.facets.items() if name not in ALWAYS_NAMED]
        return " · ".join([*named, *(text for text in more if not _is_none(text))])

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(cell.seed for cell in self.cells)

    @property
    def trainable(self) -> int:
        """How many parameters training may move."""
        return self._whole.get("trainable", 0)

    @property
    def trainable_percent(self) -> float:
        """How many of all parameters that are."""
        return self._whole["percent"]

    @cached_property
    def teachers(self) -> frozenset[str]:
        """The judges whose encoders the system learned from or was initialised with."""
        return frozenset(teacher for cell in self.cells for teacher in cell.record.get("teachers", ()))

    def is_taught_by(self, metric: Metric) -> bool:
        """Whether the metric's judge is the system's own teacher, so that its praise proves little."""
        return metric.judge is not None and metric.judge in self.teachers

    @property
    def _record(self) -> Mapping[str, Any]:
        return self.cells[0].record

    @property
    def _whole(self) -> Mapping[str, Any]:
        return self._record["trainable"][-1]


@dataclass(frozen=True, eq=False)
class Experiment:
    """The finished cells of an experiment as systems, and their tables joined.

    `scores` and `references` have the columns of the cells' files, and the system's label and the seed in front.
    `lint` is None where the linter never ran. `unfinished` says of every other cell how far it got. `differing` are
    the parts of the configuration in which cells differ that must be alike to be comparable.
    """

    name: str
    folder: Path
    systems: tuple[System, ...]
    metrics: tuple[Metric, ...]
    scores: pd.DataFrame
    references: pd.DataFrame
    lint: pd.DataFrame | None
    unfinished: Mapping[str, str]
    differing: tuple[str, ...]

    @cached_property
    def final(self) -> pd.DataFrame:
        """The rows of `scores` that are of each cell's chosen step."""
        return self._at({(s.label, cell.seed): cell.chosen.step for s in self.systems for cell in s.cells})

    @cached_property
    def initial(self) -> pd.DataFrame:
        """The rows of `scores` before any training."""
        return self._at({(s.label, cell.seed): 0 for s in self.systems for cell in s.cells})

    def _at(self, steps: Mapping[tuple[str, int], int]) -> pd.DataFrame:
        keys = zip(self.scores["system"], self.scores["seed"], strict=True)
        wanted = pd.Series([steps[key] for key in keys], index=self.scores.index, dtype="int64")
        return self.scores[self.scores["step"] == wanted]

    @cached_property
    def facets(self) -> tuple[str, ...]:
        """The axes and settings that stand in tables."""
        return facets_shown([system.cells[0] for system in self.systems])

    @property
    def speakers(self) -> tuple[str, ...]:
        """The new voices that were tested."""
        return tuple(sorted(set(self.scores.loc[self.scores["split"] == TEST, "speaker"])))

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(sorted({seed for system in self.systems for seed in system.seeds}))

    @cached_property
    def texts(self) -> Mapping[tuple[str, str, str], str]:
        """What is said in each sentence, by split, speaker and utterance."""
        tables = [system.cells[0].table("texts", TEXT_COLUMNS) for system in self.systems]
        said = pd.concat(tables, ignore_index=True).drop_duplicates(list(TEXT_COLUMNS[:3]))
        return {(row.split, row.speaker, row.utterance): row.text for row in said.itertuples()}

    def metric(self, name: str) -> Metric | None:
        """The metric of that name, if it was scored."""
        return next((metric for metric in self.metrics if metric.name == name), None)


def facets_shown(cells: Sequence[CellResult]) -> tuple[str, ...]:
    """Of the axes and settings those that are always named, and those in which cells differ."""
    names = dict.fromkeys(name for cell in cells for name in cell.facets)
    differ = {name for name in names if len({cell.facets.get(name, DEFAULT) for cell in cells}) > 1}
    return tuple(name for name in names if name in ALWAYS_NAMED or name in differ)


def load_experiment(folder: Path) -> Experiment:
    """Read all finished cells of an experiment's folder.

    Raises:
        InputError: there is no such folder, or no cell in it is finished.
    """
    records = _records(folder)
    cells = finished_cells(folder)
    if not cells:
        raise InputError(f"{folder} has no finished cell ({_instead(folder, records)})")
    systems = _systems(cells)
    scores = _joined(systems, "scores", SCORE_COLUMNS)
    metrics = _scored_metrics(scores, cells[0].record)
    if not metrics:
        raise InputError(f"no cell of {folder} has scores of the split {TEST!r}; evaluate it: see conf/evaluation")
    return Experiment(
        name=folder.name,
        folder=folder,
        systems=systems,
        metrics=metrics,
        scores=scores,
        references=_joined(systems, "references", REFERENCE_COLUMNS),
        lint=_findings(cells),
        unfinished={path.name: _status(record) for path, record in records if record.get("status") != FINISHED},
        differing=_differing(cells),
    )


def finished_cells(folder: Path) -> list[CellResult]:
    """The cells of an experiment's folder that have their result, by name.

    Raises:
        InputError: one was written by a version of this project that knew no axes, or is damaged.
    """
    cells = [CellResult(path, record) for path, record in _records(folder) if record.get("status") == FINISHED]
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


def _records(folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    """The folder and the record of every cell."""
    return [(path.parent, CellFolder(path.parent).record) for path in sorted(folder.glob(f"*/{CELL_JSON}"))]


def _instead(folder: Path, records: Sequence[tuple[Path, Mapping[str, Any]]]) -> str:
    """What there is in the place of a finished cell, and what to do."""
    if records:
        return f"{len(records)} are there, first {records[0][0].name}: {_status(records[0][1])}; run the grid again"
    others = sorted({path.parent.parent.name for path in folder.parent.glob(f"*/*/{CELL_JSON}")})
    known = f"choose one of {', '.join(others)}" if others else "run runners/grid.py first"
    return f"it holds no cell at all; {known}"


def _status(record: Mapping[str, Any]) -> str:
    """How far a cell got that isn't finished."""
    error = record.get("error")
    return f"{record.get('status', 'unknown')}{f': {error}' if error else ''}"


def _systems(cells: Iterable[CellResult]) -> tuple[System, ...]:
    """Cells that differ in nothing but the seed are one system."""
    by_facets: dict[tuple[tuple[str, str], ...], list[CellResult]] = {}
    for cell in cells:
        by_facets.setdefault(tuple(cell.facets.items()), []).append(cell)
    return tuple(
        System(dict(facets), tuple(sorted(group, key=lambda c: c.seed))) for facets, group in sorted(by_facets.items())
    )


def _is_none(facet: str) -> bool:
    """Whether a facet says that nothing was chosen on an axis."""
    axis, _, value = facet.partition("=")
    return axis in AXES and value == NONE


def _joined(systems: Sequence[System], name: str, columns: Sequence[str]) -> pd.DataFrame:
    """The table of that name of all cells, one below the other."""
    parts = [
        cell.table(name, columns).assign(system=system.label, seed=cell.seed)
        for system in systems
        for cell in system.cells
    ]
    filled = [part for part in parts if len(part)]
    return pd.concat(filled or parts[:1], ignore_index=True).reindex(columns=list(columns))


def _scored_metrics(scores: pd.DataFrame, record: Mapping[str, Any]) -> tuple[Metric, ...]:
    """The registered metrics that have test scores, in the order in which the cell was asked for them."""
    identities = record.get("identity_of", {}).get("metrics", ())
    asked = [parse_json(text, "the metrics in cell.json", _AskedMetric)["metric"] for text in identities]
    scored = set(scores.loc[scores["split"] == TEST, "metric"])
    metrics = [cls() for cls in registered("metrics").values()]
    order = {name: place for place, name in enumerate(asked)}
    found = [metric for metric in metrics if metric.name in scored]
    return tuple(sorted(found, key=lambda metric: (order.get(metric.name, len(order)), metric.name)))


def _findings(cells: Sequence[CellResult]) -> pd.DataFrame | None:
    """What the linter found, each finding once; cells on the same data have the same. None where it never ran."""
    tables = [cell.table("lint", ()) for cell in cells if (cell.folder / "lint.csv").is_file()]
    return pd.concat(tables, ignore_index=True).drop_duplicates(ignore_index=True) if tables else None


def _differing(cells: Sequence[CellResult]) -> tuple[str, ...]:
    """In which parts of their configuration cells differ that should be alike, but for the settings they are of."""
    varied = [name for name in facets_shown(cells) if len({cell.facets.get(name, DEFAULT) for cell in cells}) > 1]
    swept = {name.partition(".")[0] for name in varied}
    identities = [cell.record.get("identity_of", {}) for cell in cells]
    return tuple(
        part
        for part in SHARED
        if part not in swept and len({json.dumps(identity.get(part), sort_keys=True) for identity in identities}) > 1
    )
