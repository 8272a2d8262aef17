"""What each system reaches, with an interval that says how well that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metrics.statistics.contrasts import Reach, contrasts, headline
from metrics.statistics.variance_components import Components


@dataclass(frozen=True)
class SystemLevel:
    """A system's mean over the voices, in the metric's unit. Both bounds are NaN where nothing is known of them."""

    system: str
    mean: float
    lower: float
    upper: float

    @property
    def is_known(self) -> bool:
        """Whether it has an interval."""
        return bool(np.isfinite(self.lower) and np.isfinite(self.upper))

    @property
    def sign(self) -> int:
        """1 or -1 where the interval leaves out 0, as of a change."""
        return int(self.lower > 0) - int(self.upper < 0)


def level_of(levels: Sequence[SystemLevel], system: str) -> SystemLevel | None:
    """That of one system; None where it isn't among them."""
    return next((level for level in levels if level.system == system), None)


def system_levels(
    parts: Components, *, alpha: float = 0.05, reach: Reach | None = None, at_once: bool = False
) -> tuple[SystemLevel, ...]:
    """All systems in their order; no bound leaves the metric's range.

    With `at_once`, all intervals hold together with `1 - alpha` (Bonferroni's inequality), else each for itself.
    """
    n = len(parts.systems)
    found = contrasts(parts, np.eye(n), reach or headline(parts))
    half, scale = found.half_widths(alpha / n if at_once else alpha), parts.scores.scale
    known = np.isfinite(half)
    lower = np.where(known, np.maximum(parts.means - half, scale.lowest), np.nan)
    upper = np.where(known, np.minimum(parts.means + half, scale.highest), np.nan)
    return tuple(
        SystemLevel(system, float(parts.means[k]), float(lower[k]), float(upper[k]))
        for k, system in enumerate(parts.systems)
    )
