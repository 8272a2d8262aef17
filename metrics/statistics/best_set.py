"""Which systems may be the best, and what choosing any of them can cost at most."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from metrics.statistics.contrasts import Reach, contrasts, headline
from metrics.statistics.variance_components import Components
from vits.common.errors import InputError


@dataclass(frozen=True)
class Candidate:
    """One system as a choice: its mean, whether it may be the best, and the most that is lost by choosing it.

    `behind` is by how much it seems to be worse than the best of the others; below 0 where it seems to be the best.
    """

    system: str
    mean: float
    behind: float
    may_be_best: bool
    costs_at_most: float


@dataclass(frozen=True)
class BestSet:
    """All systems in their order; the best is among those that may be, and no bound is too low, with `1 - alpha`."""

    metric: str
    unit: str
    reach: Reach
    alpha: float
    candidates: tuple[Candidate, ...]

    @property
    def systems(self) -> tuple[str, ...]:
        """Those that may be the best."""
        return tuple(candidate.system for candidate in self.candidates if candidate.may_be_best)

    def cost(self, system: str) -> float:
        """The most that is lost by choosing this system.

        Raises:
            InputError: there is no such system.
        """
        for candidate in self.candidates:
            if candidate.system == system:
                return candidate.costs_at_most
        names = "; ".join(candidate.system for candidate in self.candidates)
        raise InputError(f"{self.metric}: no scores of {system!r}; take one of: {names}")


def best_set(
    parts: Components, *, alpha: float = 0.05, reach: Reach | None = None, among: Collection[str] | None = None
) -> BestSet:
    """Multiple comparisons with the best.

    Only the comparisons of the true best with each other system need to hold, so k - 1 of them share `alpha`,
    one-sided (Hsu 1984, "Constrained simultaneous confidence intervals for multiple comparisons with the best",
    Annals of Statistics 12; Edwards and Hsu 1983, JASA 78, for pairs of unequal variance; Bonferroni's inequality
    between them, as scores are paired). Whenever they hold, the best is in the set, and no system loses more than
    the worst that any member of the set may be better by. So all bounds hold at once, and may be used to choose.
    `among` are the systems that may be chosen, all by default; `alpha` is shared with the others nevertheless.
    """
    reach = reach or headline(parts)
    chosen = [k for k, system in enumerate(parts.systems) if among is None or system in among]
    better, half = (part[np.ix_(chosen, chosen)] for part in _all_differences(parts, alpha, reach))
    others = ~np.eye(len(chosen), dtype=bool)
    may_be_best = np.all((better + half >= 0) | ~others, axis=1)
    by_rival = np.where(others & may_be_best[None], half - better, 0.0)
    costs = np.clip(by_rival.max(axis=1), 0.0, parts.scores.scale.widest)
    behind = np.where(others, -better, -np.inf).max(axis=1)
    return BestSet(
        parts.scores.scale.metric,
        parts.scores.scale.unit,
        reach,
        alpha,
        tuple(
            Candidate(
                parts.systems[k], float(parts.means[k]), float(behind[row]), bool(may_be_best[row]), float(costs[row])
            )
            for row, k in enumerate(chosen)
        ),
    )


def best_sets(
    metrics: Mapping[str, Components], *, alpha: float = 0.05, reach: Reach | None = None
) -> dict[str, BestSet]:
    """The same by several metrics, which share `alpha`: all sets and bounds hold at once."""
    return {name: best_set(parts, alpha=alpha / len(metrics), reach=reach) for name, parts in metrics.items()}


def shown_worse(parts: Components, margin: float, *, alpha: float, reach: Reach) -> frozenset[str]:
    """Systems that another one is shown to be better than by more than `margin`.

    No system that truly is within the margin of the best is named with more than `alpha`, each taken for itself.
    """
    better, half = _all_differences(parts, alpha, reach)
    below = np.flatnonzero(np.any(better + half < -margin, axis=1))
    return frozenset(parts.systems[k] for k in below)


def _all_differences(
    parts: Components, alpha: float, reach: Reach
) -> tuple[Float[np.ndarray, "systems systems"], Float[np.ndarray, "systems systems"]]:
    """By how much each system (rows) is better than each other, and how far that may be off to one side."""
    n = len(parts.systems)
    better, half = np.zeros((n, n)), np.zeros((n, n))
    if n == 1:
        return better, half
    first, second = np.triu_indices(n, 1)
    weights = np.eye(n)[first] - np.eye(n)[second]
    found = contrasts(parts, weights, reach)
    better[first, second], better[second, first] = found.estimates, -found.estimates
    half[first, second] = half[second, first] = found.half_widths(2 * alpha / (n - 1))
    return better, half
