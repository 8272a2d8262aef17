"""Systems in order of a metric, and which of them the scores can tell apart."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from string import ascii_lowercase

import numpy as np
import pandas as pd

from metrics.metric import Metric
from metrics.statistics import Comparison, Estimate, Verdict, compare, observations
from runners.reporting.settings import ReportSettings


@dataclass(frozen=True)
class Ranking:
    """The systems by one metric, best mean first; those without a value come last."""

    metric: Metric
    comparison: Comparison

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """What each system reaches, best mean first."""
        sign = -1 if self.metric.higher_is_better else 1
        return tuple(
            sorted(
                self.comparison.estimates,
                key=lambda e: (sign * e.mean if math.isfinite(e.mean) else math.inf, e.system),
            )
        )

    @property
    def best(self) -> Estimate:
        return self.estimates[0]

    def estimate(self, system: str) -> Estimate:
        """What that system reaches; NaN where it was not scored."""
        unscored = Estimate(system, math.nan, math.nan, math.nan, 0, 0, 0)
        return next((estimate for estimate in self.estimates if estimate.system == system), unscored)

    @property
    def told_apart(self) -> tuple[Verdict, ...]:
        """The pairs of which one is better, the surest first."""
        found = [verdict for verdict in self.comparison.pairs if verdict.distinguishable]
        return tuple(sorted(found, key=lambda verdict: (verdict.p, -verdict.difference)))

    def beaten_by(self, system: str) -> tuple[str, ...]:
        """The systems that this one is better than."""
        return tuple(verdict.b for verdict in self.told_apart if verdict.a == system)

    @property
    def leaders(self) -> tuple[str, ...]:
        """The system with the best mean, and all that can't be told apart from it."""
        beaten = set(self.beaten_by(self.best.system))
        return tuple(e.system for e in self.estimates if e.system not in beaten and math.isfinite(e.mean))

    @cached_property
    def letters(self) -> dict[str, str]:
        """Groups: two systems have a letter in common exactly where they can't be told apart."""
        order = [estimate.system for estimate in self.estimates]
        return group_letters(order, [(verdict.a, verdict.b) for verdict in self.told_apart])


def rank(rows: pd.DataFrame, metric: Metric, settings: ReportSettings) -> Ranking:
    """Compare the systems of a table with columns `system, seed, speaker, utterance, metric, value`."""
    own = rows[rows["metric"].isin(metric.values)]
    compared = compare(
        observations(own, metric),
        resamples=settings.resamples,
        level=settings.level,
        rng=np.random.default_rng(settings.seed),
        scope=settings.scope,
    )
    return Ranking(metric, compared)


def group_letters(order: Sequence[str], different: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The compact letter display of a set of pairwise verdicts, letters in the order of the systems.

    Piepho 2004, "An algorithm for a letter-based representation of all-pairwise comparisons",
    https://doi.org/10.1198/1061860043515: begin with one group of all; where a group holds two systems that
    differ, it is split into one without the first and one without the second, and groups within others vanish.
    """
    groups: list[frozenset[str]] = [frozenset(order)]
    for one, other in different:
        split = [part for group in groups for part in _without_both(group, one, other)]
        groups = _not_within_others(split)
    places = {system: place for place, system in enumerate(order)}
    groups.sort(key=lambda group: sorted(places[system] for system in group))
    names = [_letter(number) for number in range(len(groups))]
    return {
        system: "".join(name for name, group in zip(names, groups, strict=True) if system in group) for system in order
    }


def _without_both(group: frozenset[str], one: str, other: str) -> tuple[frozenset[str], ...]:
    """The group, or its two halves where it holds both."""
    return (group - {one}, group - {other}) if {one, other} <= group else (group,)


def _not_within_others(groups: Collection[frozenset[str]]) -> list[frozenset[str]]:
    """Each group once, without those that are part of another."""
    kept = list(dict.fromkeys(groups))
    return [group for group in kept if not any(group < other for other in kept)]


def _letter(number: int) -> str:
    """a to z, then a1 to z1 and so on."""
    round_, place = divmod(number, len(ascii_lowercase))
    return f"{ascii_lowercase[place]}{round_ or ''}"
