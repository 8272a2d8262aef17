"""What training costs, and how systems compare after the same expense: a cheaper step allows more of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from metrics.metric import Metric
from metrics.statistics.best_set import BestSet, best_set
from metrics.statistics.metric_scores import metric_scores
from metrics.statistics.system_levels import SystemLevel, system_levels
from metrics.statistics.variance_components import Components, components
from runners.reporting.cell_result import CellResult
from runners.reporting.progress import stages_of
from runners.reporting.results import Experiment, System
from runners.reporting.verdicts import Verdicts

CPU = "cpu"
KEYS = ["split", "speaker", "utterance", "text", "metric"]


@dataclass(frozen=True)
class EqualCost:
    """The systems by the aim on validation sentences when each has cost `budget_s`, the best first.

    `steps` is how far each one got by then; `levels` hold each for itself, `best` for all systems at once.
    """

    metric: Metric
    budget_s: float
    steps: Mapping[str, float]
    levels: tuple[SystemLevel, ...]
    best: BestSet


def seconds_name(experiment: Experiment) -> str:
    """Which seconds are compared: of the processor, as long as nothing was trained on another device."""
    return "CPU seconds" if _on_cpu(experiment) else "seconds of the device"


def cost_of(system: System, name: str) -> float:
    """An entry of the cells' costs, averaged over seeds; NaN where one doesn't say."""
    return sum(cell.cost(name) for cell in system.cells) / len(system.cells)


def training_s(experiment: Experiment, system: System) -> float:
    """What a training of a system costs, in the seconds that are compared."""
    return cost_of(system, "training_cpu_s" if _on_cpu(experiment) else "training_s")


def at_equal_cost(experiment: Experiment, verdicts: Verdicts) -> EqualCost | None:
    """Compare after what the cheapest training costs in all; None where stages or costs aren't known of every system.

    A training's seconds are spread evenly over its steps, and each sentence's score goes in a straight line from one
    stage to the next.
    """
    rows = stages_of(experiment, verdicts.aim)
    last = rows.groupby("system")["step"].max()
    a_step = {s.label: training_s(experiment, s) / max(last.get(s.label, 0), 1) for s in experiment.systems}
    budget = min(a_step[label] * steps for label, steps in last.items()) if set(a_step) == set(last.index) else 0.0
    if not all(spent > 0 for spent in a_step.values()) or not budget > 0 or len(a_step) < 2:
        return None
    steps = {label: min(budget / spent, float(last[label])) for label, spent in a_step.items()}
    parts = _components(rows, steps, verdicts.aim)
    levels = system_levels(parts, alpha=verdicts.alpha, reach=verdicts.reach)
    by_aim = sorted(levels, key=lambda level: -verdicts.aim.sign * level.mean)
    best = best_set(parts, alpha=verdicts.alpha, reach=verdicts.reach)
    return EqualCost(verdicts.aim, budget, steps, tuple(by_aim), best)


def _components(rows: pd.DataFrame, steps: Mapping[str, float], metric: Metric) -> Components:
    """The scores that every system has at its step."""
    cells = rows.groupby(["system", "seed"], sort=False)
    parts = [
        _between(own, steps[label]).assign(system=label, seed=seed)
        for (label, seed), own in cells  # pyright: ignore[reportGeneralTypeIssues]
    ]
    return components(metric_scores(pd.concat(parts, ignore_index=True), metric))


def _between(rows: pd.DataFrame, step: float) -> pd.DataFrame:
    """One cell's scores between two stages."""
    stages = sorted(set(rows["step"]))
    before = max(stage for stage in stages if stage <= step)
    after = min((stage for stage in stages if stage >= step), default=before)
    first, second = (rows[rows["step"] == stage] for stage in (before, after))
    share = (step - before) / (after - before) if after > before else 0.0
    both = first[[*KEYS, "value"]].merge(second[[*KEYS, "value"]], on=KEYS, suffixes=("_before", "_after"))
    return both.assign(value=(1 - share) * both["value_before"] + share * both["value_after"])


def _on_cpu(experiment: Experiment) -> bool:
    return all(cell.record.get("device") == CPU for cell in _cells(experiment))


def _cells(experiment: Experiment) -> Iterator[CellResult]:
    for system in experiment.systems:
        yield from system.cells


def knows_costs(experiment: Experiment) -> bool:
    """Whether any cell says what it cost."""
    return any(math.isfinite(cell.cost("training_s")) for cell in _cells(experiment))
