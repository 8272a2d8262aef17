"""What the cells of an experiment left behind, as systems with seeds and as tables with one row per value."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict

import pandas as pd

from metrics.metric import Metric
from runners.reporting.cell_result import DEFAULT, CellResult, facets_shown, finished_cells, records
from runners.reporting.dropped import DroppedCell, dropped_cells
from runners.results.cell_folder import CELL_JSON, DROPPED, FINISHED
from runners.results.other_system import OtherSystem, other_systems
from runners.results.sweep_record import outside_the_last_sweep
from strategies.adaptation import ALWAYS_NAMED, AXES, NONE
from vits.common.errors import InputError
from vits.common.readers import parse_json
from vits.common.registry import registered
from vits.corpus.split import TEST, VALIDATION

SPLITS = (TEST, VALIDATION)
SHARED = ("data", "evaluation", "metrics", "precision")
"""Of a cell's identity what all cells must have in common for their scores to be comparable."""
SCORE_COLUMNS = ("system", "seed", "step", "split", "speaker", "utterance", "metric", "value")
REFERENCE_COLUMNS = ("reference", *SCORE_COLUMNS)
TEXT_COLUMNS = ("split", "speaker", "utterance", "text")


class _AskedMetric(TypedDict):
    metric: str


@dataclass(frozen=True)
class System:
    """What is compared: an adaptation, with all that makes it a system of its own but the seed.

    `facets` are its choices on the axes and its settings that differ from the experiment's default, but those that
    all systems share; there is one cell for each seed.
    """

    facets: Mapping[str, str]
    cells: tuple[CellResult, ...]

    @cached_property
    def label(self) -> str:
        """Its name in all tables: `nearest · decoder`, and behind it what else tells it from others."""
        return label_of(self.facets)

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

    `scores` and `references` have the columns of the cells' files, and the system's label and the seed in front;
    `further` are scores of sentences that only systems which may be the best were asked for, at the kept step.
    `lint` is None where the linter never ran. `dropped` are the cells that a race dropped, and `unfinished` says of
    every other cell how far it got. `outside_sweep` are finished cells that the last sweep was not of. `differing` are
    the parts of the configuration in which cells differ that must be alike to be comparable. `others` are systems that
    this project didn't train, scored beside them.
    """

    name: str
    folder: Path
    systems: tuple[System, ...]
    metrics: tuple[Metric, ...]
    scores: pd.DataFrame
    references: pd.DataFrame
    further: pd.DataFrame
    lint: pd.DataFrame | None
    dropped: tuple[DroppedCell, ...]
    unfinished: Mapping[str, str]
    outside_sweep: tuple[str, ...]
    differing: tuple[str, ...]
    others: tuple[OtherSystem, ...] = ()

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
    def cells(self) -> tuple[CellResult, ...]:
        """The cells of all systems."""
        return tuple(cell for system in self.systems for cell in system.cells)

    @property
    def language(self) -> str:
        """Espeak's code of the one that the voices speak."""
        return str(self.cells[0].settings.get("data", {}).get("language", "en-us"))

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
        cells = [system.cells[0] for system in self.systems]
        tables = [read("texts", TEXT_COLUMNS) for cell in cells for read in (cell.table, cell.further)]
        said = pd.concat(tables, ignore_index=True).drop_duplicates(list(TEXT_COLUMNS[:3]))
        return {(row.split, row.speaker, row.utterance): row.text for row in said.itertuples()}

    def with_texts(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows of scores with a column `text`; where no cell says it, every utterance has one of its own."""
        keys = zip(rows["split"], rows["speaker"], rows["utterance"], strict=True)
        return rows.assign(text=[self.texts.get(key, f"{key[1]}: {key[2]}") for key in keys])

    def metric(self, name: str) -> Metric | None:
        """The metric of that name, if it was scored."""
        return next((metric for metric in self.metrics if metric.name == name), None)


def load_experiment(folder: Path) -> Experiment:
    """Read all finished cells of an experiment's folder.

    Raises:
        InputError: there is no such folder, or no cell in it is finished.
    """
    found = records(folder)
    cells = finished_cells(folder)
    if not cells:
        raise InputError(f"{folder} has no finished cell ({_instead(folder, found)})")
    systems = _systems(cells)
    scores = _joined(systems, SCORE_COLUMNS, lambda cell: cell.table("scores", SCORE_COLUMNS))
    metrics = _scored_metrics(scores, cells[0].record)
    if not metrics:
        raise InputError(f"no cell of {folder} has scores of the split {TEST!r}; evaluate it: see conf/evaluation")
    return Experiment(
        name=folder.name,
        folder=folder,
        systems=systems,
        metrics=metrics,
        scores=scores,
        references=_joined(systems, REFERENCE_COLUMNS, lambda cell: cell.table("references", REFERENCE_COLUMNS)),
        further=_joined(
            [system for system in systems if all(cell.n_further for cell in system.cells)],
            SCORE_COLUMNS,
            lambda cell: cell.further("scores", SCORE_COLUMNS),
        ),
        lint=_findings(cells),
        dropped=dropped_cells(found),
        unfinished={
            path.name: _status(record) for path, record in found if record.get("status") not in (FINISHED, DROPPED)
        },
        outside_sweep=tuple(outside_the_last_sweep(folder, [cell.name for cell in cells])),
        differing=_differing(cells),
        others=other_systems(folder),
    )


def _instead(folder: Path, found: Sequence[tuple[Path, Mapping[str, Any]]]) -> str:
    """What there is in the place of a finished cell, and what to do."""
    if found:
        return f"{len(found)} are there, first {found[0][0].name}: {_status(found[0][1])}; run the grid again"
    others = sorted({path.parent.parent.name for path in folder.parent.glob(f"*/*/{CELL_JSON}")})
    known = f"choose one of {', '.join(others)}" if others else "run runners/grid.py first"
    return f"it holds no cell at all; {known}"


def _status(record: Mapping[str, Any]) -> str:
    """How far a cell got that isn't finished."""
    error = record.get("error")
    return f"{record.get('status', 'unknown')}{f': {error}' if error else ''}"


def _systems(cells: Iterable[CellResult]) -> tuple[System, ...]:
    """Cells that differ in nothing but the seed are one system."""
    cells = list(cells)
    shared = shared_settings([cell.facets for cell in cells])
    by_facets: dict[tuple[tuple[str, str], ...], list[CellResult]] = {}
    for cell in cells:
        own = tuple((name, value) for name, value in cell.facets.items() if name not in shared)
        by_facets.setdefault(own, []).append(cell)
    return tuple(
        System(dict(facets), tuple(sorted(group, key=lambda c: c.seed))) for facets, group in sorted(by_facets.items())
    )


def label_of(facets: Mapping[str, str]) -> str:
    """What a system of these facets is called: `nearest · decoder`, and behind it what else tells it from others."""
    named = [facets[axis] for axis in ALWAYS_NAMED]
    more = [f"{name}={value}" for name, value in facets.items() if name not in ALWAYS_NAMED]
    return " · ".join([*named, *(text for text in more if not _is_none(text))])


def shared_settings(cells: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Settings, not choices on an axis, that differ from the default in all cells alike; `cells` are their facets."""
    first, *others = [{(name, value) for name, value in facets.items() if name not in AXES} for facets in cells]
    return dict(sorted(first.intersection(*others)))


def _is_none(facet: str) -> bool:
    """Whether a facet says that nothing was chosen on an axis."""
    axis, _, value = facet.partition("=")
    return axis in AXES and value == NONE


def _joined(
    systems: Sequence[System], columns: Sequence[str], read: Callable[[CellResult], pd.DataFrame]
) -> pd.DataFrame:
    """What is read of all cells, one below the other."""
    parts = [read(cell).assign(system=system.label, seed=cell.seed) for system in systems for cell in system.cells]
    filled = [part for part in parts if len(part)] or parts[:1] or [pd.DataFrame(columns=pd.Index(columns))]
    return pd.concat(filled, ignore_index=True).reindex(columns=list(columns))


def _scored_metrics(scores: pd.DataFrame, record: Mapping[str, Any]) -> tuple[Metric, ...]:
    """The registered metrics that have test scores, in the order in which the cell was asked for them."""
    identities = record.get("identity_of", {}).get("metrics", ())
    asked = [parse_json(text, "the metrics in cell.json", _AskedMetric)["metric"] for text in identities]
    scored = set(scores.loc[scores["split"] == TEST, "metric"])
    metrics = [_configured(cls, identities) for cls in registered("metrics").values()]
    order = {name: place for place, name in enumerate(asked)}
    found = [metric for metric in metrics if metric.name in scored]
    return tuple(sorted(found, key=lambda metric: (order.get(metric.name, len(order)), metric.name)))


def _configured(cls: type[Metric], identities: Sequence[str]) -> Metric:
    """The metric with the settings that the cell was asked for it with, as far as it still has them."""
    for text in identities:
        asked = parse_json(text, "the metrics in cell.json", dict[str, Any])
        if asked.get("metric") == cls.name:
            names = [column.name for column in fields(cls) if column.name in asked]  # pyright: ignore[reportArgumentType]
            return cls(**{name: asked[name] for name in names})
    return cls()


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
