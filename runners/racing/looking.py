"""A look at a race: by the validation scores of all systems that are left, who can't become the best any more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pandas as pd

from metrics.metric import Metric
from metrics.statistics.metric_scores import metric_scores
from metrics.statistics.racing import Behind, at_stage, behind
from metrics.statistics.variance_components import Components, components
from runners.racing.leading import excluded_from_leading
from runners.results.cell_folder import CellFolder
from runners.results.race_record import Look, Race
from vits.common.errors import InputError
from vits.corpus.split import VALIDATION

TEXT_KEYS = ["split", "speaker", "utterance"]


def look(experiment: Path, race: Race, metrics: Mapping[str, Metric]) -> Look:
    """The next look of a race, at the stages until then. `metrics` are those of its rule, by name.

    Raises:
        InputError: a cell's scores are damaged, or nothing was validated.
    """
    stages = race.stages[: len(race.looks) + 2]
    rows = _validated(experiment, race, stages)
    parts = _at_stages(rows, metrics[race.rule.aim])
    systems = [system for system in race.left if parts is not None and _has_all(race, system, stages, rows, parts)]
    without = tuple(system for system in race.left if system not in systems)
    if parts is None or len(systems) < 2:
        return Look(stages[-1], tuple(systems), {}, without, ())
    now = rows[(rows["step"] == stages[-1]) & rows["system"].isin(systems)]
    excluded = excluded_from_leading(experiment, race, now, metrics)
    found = _behind(parts, race, systems, stages, [system for system in systems if system not in excluded])
    return Look(stages[-1], tuple(systems), excluded, without, found)


def has_stage(experiment: Path, cell: str, step: int) -> bool:
    """Whether a cell was evaluated after a step."""
    table = CellFolder(experiment / cell).table("scores")
    return len(table) > 0 and step in set(table["step"])


def _behind(
    parts: Components, race: Race, systems: Sequence[str], stages: Sequence[int], leaders: Collection[str]
) -> tuple[Behind, ...]:
    return behind(
        parts,
        systems,
        stages,
        race.stages[-1],
        alpha=race.rule.alpha / len(race.stages_looked_at),
        margin=race.rule.margin,
        leaders=leaders,
        relied_on=race.relied_on,
    )


def _validated(experiment: Path, race: Race, stages: Sequence[int]) -> pd.DataFrame:
    """What the validation sentences of all cells that are left scored at some stages, and what they say."""
    tables = [_of_cell(experiment / name, race, stages) for name in race.cells if race.cells[name].system in race.left]
    rows = pd.concat(tables, ignore_index=True)
    if rows.empty:
        raise InputError("racing=true needs validation sentences; set evaluation.validation_sentences=10")
    return rows


def _of_cell(cell: Path, race: Race, stages: Sequence[int]) -> pd.DataFrame:
    folder, racer = CellFolder(cell), race.cells[cell.name]
    scores, texts = folder.table("scores"), folder.table("texts")
    if not len(scores) or not len(texts):
        return pd.DataFrame()
    kept = scores[(scores["split"] == VALIDATION) & scores["step"].isin(stages)]
    return kept.merge(texts, on=TEXT_KEYS).assign(system=racer.system, seed=racer.seed)


def _at_stages(rows: pd.DataFrame, metric: Metric) -> Components | None:
    """Every system at every stage as a system of its own; None where no sentence has a value of all."""
    names = [at_stage(system, step) for system, step in zip(rows["system"], rows["step"], strict=True)]
    try:
        return components(metric_scores(rows.assign(system=names), metric))
    except InputError:
        return None


def _has_all(race: Race, system: str, stages: Sequence[int], rows: pd.DataFrame, parts: Components) -> bool:
    """Whether all cells of a system were scored at all stages."""
    own = rows[rows["system"] == system]
    seeds = {racer.seed for racer in race.cells.values() if racer.system == system}
    seen = {(int(seed), int(step)) for seed, step in zip(own["seed"], own["step"], strict=True)}
    scored = all(at_stage(system, step) in parts.systems for step in stages)
    return scored and seen >= {(seed, step) for seed in seeds for step in stages}
