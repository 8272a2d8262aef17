"""Systems that this project didn't train beside those of the grid, each on the sentences that all of them speak.

They change nothing that is said of the grid: they are no candidates for the recommendation, and a folder of ten
sentences doesn't make the grid's own comparison one of ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from metrics.metric import Metric
from metrics.statistics.contrasts import Reach, headline
from metrics.statistics.margin_verdicts import MarginVerdict, against
from metrics.statistics.metric_scores import metric_scores
from metrics.statistics.system_levels import SystemLevel, level_of, system_levels
from metrics.statistics.variance_components import Components, components
from runners.reporting.evidence import spoken
from runners.reporting.results import Experiment
from runners.reporting.settings import ReportSettings
from runners.reporting.verdicts import Verdicts
from runners.results.other_system import OtherSystem
from vits.common.errors import InputError


@dataclass(frozen=True, eq=False)
class Beside:
    """One other system by one metric: what all reach on the `n_sentences` that they share, and every system of the
    grid beside it, for these voices and for voices like these. All verdicts are empty where they share none.
    """

    other: OtherSystem
    metric: Metric
    n_sentences: int
    reach: Reach
    levels: tuple[SystemLevel, ...]
    verdicts: tuple[MarginVerdict, ...]
    caution: tuple[MarginVerdict, ...]

    def level(self, system: str) -> SystemLevel | None:
        """What a system, of the grid or this one, reaches on these sentences."""
        return level_of(self.levels, system)

    def verdict(self, system: str) -> MarginVerdict | None:
        """A system of the grid beside this one."""
        return next((found for found in self.verdicts if found.system == system), None)


def is_comparable(other: OtherSystem, experiment: Experiment) -> bool:
    """Whether it was judged against the recordings that the cells were adapted to."""
    cells = (cell for system in experiment.systems for cell in system.cells)
    return other.scored.recordings in {cell.record.get("identity_of", {}).get("data") for cell in cells}


def beside_others(experiment: Experiment, verdicts: Verdicts, settings: ReportSettings) -> tuple[Beside, ...]:
    """Every comparable system by every metric by which it was scored as the cells were, those of the headline first.

    All statements of one kind and metric hold together, over the systems of the grid and the others.
    """
    others = [other for other in experiment.others if is_comparable(other, experiment)]
    ours = spoken(experiment, experiment.final) if others else pd.DataFrame()
    alpha = verdicts.alpha / max(len(others), 1)
    return tuple(
        _beside(other, metric, ours, experiment, settings.margin(metric.name), alpha)
        for other in others
        for metric in dict.fromkeys([*verdicts.headline, *experiment.metrics])
        if metric.name in _scored_alike(other, experiment)
    )


def _scored_alike(other: OtherSystem, experiment: Experiment) -> Sequence[str]:
    """The metrics whose settings and weights were those of the cells."""
    theirs = set(other.scored.metrics)
    of_cells = {
        identity
        for system in experiment.systems
        for cell in system.cells
        for identity in cell.record.get("identity_of", {}).get("metrics", ())
    }
    names = {metric.name for metric in experiment.metrics}
    scored = set(other.table("scores")["metric"])
    return [name for name in names & scored if any(f'"metric": "{name}"' in one for one in theirs & of_cells)]


def _beside(
    other: OtherSystem, metric: Metric, ours: pd.DataFrame, experiment: Experiment, margin: float, alpha: float
) -> Beside:
    rows = spoken(experiment, other.table("scores").assign(system=other.name, seed=int(ours["seed"].min())))
    parts = _components(pd.concat([rows, ours], ignore_index=True), metric, other.name)
    if parts is None:
        return Beside(other, metric, 0, Reach.TRAINED_VOICES, (), (), ())
    reach = headline(parts)
    compared = [
        against(parts, other.name, margin, alpha=alpha, reach=each, reference_was_chosen=False)
        for each in (reach, Reach.VOICES_LIKE_THESE)
    ]
    levels = system_levels(parts, alpha=alpha, reach=reach)
    return Beside(other, metric, len(parts.scores.weights), reach, levels, *compared)


def _components(rows: pd.DataFrame, metric: Metric, untrained: str) -> Components | None:
    """What is known of all systems on the sentences that all of them speak; None where there are none."""
    try:
        scores = metric_scores(rows, metric, untrained=[untrained])
    except InputError:  # no sentence has a value of all
        return None
    return components(scores) if untrained in scores.systems else None
