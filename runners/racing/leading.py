"""Who may lead a race: a system that a guard shows to be worse than allowed makes nobody stop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from metrics.metric import Metric
from metrics.statistics.aims import Guard, guarded
from metrics.statistics.contrasts import Reach
from metrics.statistics.metric_scores import metric_scores
from metrics.statistics.variance_components import Components, components
from runners.evaluation.evaluation_settings import RETENTION
from runners.experiment.pausing import RACE
from runners.reporting.evidence import BASE, of_base_voices
from runners.reporting.settings import RETENTION_MARGIN
from runners.results.cell_folder import CellFolder
from runners.results.race_record import Race
from vits.common.errors import InputError


def excluded_from_leading(
    experiment: Path, race: Race, now: pd.DataFrame, metrics: Mapping[str, Metric]
) -> dict[str, str]:
    """The systems that a guard shows to be worse than allowed, and which; `now` are the rows of the last stage.

    Each guard may err with the whole level: a system that it names by error leaves more of the others in the race.
    """
    aim, guards = race.rule.aim, []
    parts = {aim: components(metric_scores(now, metrics[aim]))}
    for name, margin in race.rule.guards.items():
        of_base = name == RETENTION_MARGIN
        found = _base_voices(experiment, race, now, metrics[aim]) if of_base else _defined(now, metrics[name])
        if found is not None:
            parts[name] = found
            guards.append(Guard(name, margin, reference=BASE if of_base else None))
    _, excluded, _ = guarded(parts, aim, guards, race.rule.alpha, Reach.TRAINED_VOICES)
    return excluded


def _defined(rows: pd.DataFrame, metric: Metric, *untrained: str) -> Components | None:
    """What a metric says of all systems; None where no sentence has a value of all."""
    try:
        return components(metric_scores(rows, metric, untrained))
    except InputError:
        return None


def _base_voices(experiment: Path, race: Race, now: pd.DataFrame, metric: Metric) -> Components | None:
    """The base's voices after the last stage, and before any training, which no system changes."""
    step, systems = int(now["step"].iloc[0]), set(now["system"])
    cells = [name for name, racer in race.cells.items() if racer.system in systems]
    after = [_rows(experiment, race, name, RACE, step) for name in cells]
    before = [_rows(experiment, race, name, "scores", race.stages[0]).assign(system=BASE) for name in cells]
    if not any(map(len, after)) or not any(map(len, before)):
        return None
    untouched = pd.concat(before).drop_duplicates(["seed", "speaker", "utterance", "metric"])
    return _defined(of_base_voices(pd.concat([untouched, *after], ignore_index=True)), metric, BASE)


def _rows(experiment: Path, race: Race, cell: str, table: str, step: int) -> pd.DataFrame:
    rows, racer = CellFolder(experiment / cell).table(table), race.cells[cell]
    if not len(rows):
        return rows
    return rows[(rows["split"] == RETENTION) & (rows["step"] == step)].assign(system=racer.system, seed=racer.seed)
