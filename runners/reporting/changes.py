"""What training changed: the same sentences before it and after it, by the same test as between systems."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from metrics.metric import Metric
from metrics.statistics import Verdict
from metrics.statistics.t_test import holm_factors
from runners.reporting.ranking import Ranking, rank
from runners.reporting.results import Experiment, System
from runners.reporting.settings import ReportSettings

BEFORE, AFTER = "before", "after"


@dataclass(frozen=True)
class Change:
    """By how much a system's mean moved, in the metric's unit; `lower` and `upper` bound the difference.

    Verdict and bounds are corrected by Holm's method for the number of systems tested.
    """

    system: System
    metric: Metric
    before: float
    after: float
    lower: float
    upper: float
    distinguishable: bool
    smallest_detectable: float

    @property
    def difference(self) -> float:
        """After minus before."""
        return self.after - self.before

    @property
    def is_better(self) -> bool:
        """Whether the change can be told from none, and is for the better."""
        return self.distinguishable and (self.difference > 0) == self.metric.higher_is_better

    @property
    def is_worse(self) -> bool:
        """Whether the change can be told from none, and is for the worse."""
        return self.distinguishable and not self.is_better

    @property
    def verdict(self) -> str:
        """In one word or two."""
        if not self.distinguishable:
            return "not distinguishable"
        return "better" if self.is_better else "worse"


def changes(experiment: Experiment, metric: Metric, split: str, settings: ReportSettings) -> tuple[Change, ...]:
    """The change of each system from before training to its chosen epoch, where both were scored."""
    pairs = [(system, _before_and_after(experiment, system, metric, split)) for system in experiment.systems]
    pairs = [(system, table) for system, table in pairs if _has_both(table, metric)]
    alone = [_verdict(rank(table, metric, settings)).p for _, table in pairs]
    return tuple(
        _change(system, rank(table, metric, replace(settings, level=level)))
        for (system, table), level in zip(pairs, _holm_levels(alone, settings.level), strict=True)
    )


def _holm_levels(p: Sequence[float], level: float) -> Iterable[float]:
    """At which level each test is to be read, so that all of them together hold at `level`."""
    return (1 - (1 - level) / holm_factors(np.array(p, dtype=np.float64))).tolist()


def _before_and_after(experiment: Experiment, system: System, metric: Metric, split: str) -> pd.DataFrame:
    """The system's rows as those of two: before training and after it; of cells that were trained."""
    trained = {cell.seed for cell in system.cells if cell.chosen.epoch > 0}
    parts = []
    for name, table in ((BEFORE, experiment.initial), (AFTER, experiment.final)):
        kept = (table["system"] == system.label) & (table["split"] == split) & table["metric"].isin(metric.values)
        parts.append(table[kept & table["seed"].isin(trained)].assign(system=name))
    return pd.concat(parts, ignore_index=True)


def _has_both(table: pd.DataFrame, metric: Metric) -> bool:
    """Whether there is something to compare."""
    return table.loc[table["metric"] == metric.name, "system"].nunique() == 2


def _verdict(ranking: Ranking) -> Verdict:
    return ranking.comparison.between(BEFORE, AFTER)


def _change(system: System, ranking: Ranking) -> Change:
    verdict = _verdict(ranking)
    lower, upper = _bounds(verdict, ranking.metric)
    return Change(
        system,
        ranking.metric,
        before=ranking.estimate(BEFORE).mean,
        after=ranking.estimate(AFTER).mean,
        lower=lower,
        upper=upper,
        distinguishable=verdict.distinguishable,
        smallest_detectable=verdict.smallest_detectable,
    )


def _bounds(verdict: Verdict, metric: Metric) -> tuple[float, float]:
    """The interval of after minus before, from that of the better one's advantage."""
    if math.isnan(verdict.lower) or math.isnan(verdict.upper):
        return math.nan, math.nan
    raises = (verdict.a == AFTER) == metric.higher_is_better
    return (verdict.lower, verdict.upper) if raises else (-verdict.upper, -verdict.lower)
