"""Everything that is computed from an experiment before a word of the report is written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from metrics.metric import Metric
from metrics.statistics.looks import spent_at
from metrics.statistics.system_levels import SystemLevel
from runners.reporting.ears import Ears, hear
from runners.reporting.evidence import Evidence, gather
from runners.reporting.looks_taken import look_at
from runners.reporting.other_verdicts import Beside, beside_others
from runners.reporting.progress import Progress, follow
from runners.reporting.results import Experiment, System
from runners.reporting.settings import ReportSettings
from runners.reporting.speaker_levels import learning_curves, per_speaker, reference_levels
from runners.reporting.verdicts import Verdicts, conclude
from runners.reporting.word_guards import guards_of


@dataclass(frozen=True, eq=False)
class Analysis:
    """An experiment with its evidence and what follows from it.

    `look` counts how often its data has grown; `foreign` are systems of others beside those of the grid.
    """

    experiment: Experiment
    settings: ReportSettings
    look: int
    evidence: Evidence
    verdicts: Verdicts
    speakers: pd.DataFrame
    curves: pd.DataFrame
    references: pd.DataFrame
    progress: Progress | None
    ears: Ears | None
    foreign: tuple[Beside, ...] = ()

    @property
    def headline(self) -> tuple[Metric, ...]:
        """The metrics that the report is about, the aim first."""
        return self.verdicts.headline

    @property
    def others(self) -> tuple[Metric, ...]:
        """The metrics beside the headline."""
        return tuple(metric for metric in self.experiment.metrics if metric not in self.headline)

    @cached_property
    def systems(self) -> Mapping[str, System]:
        """The systems by label: the recommended one, then by the aim, those that a guard excludes last."""
        recommended, sign = self.verdicts.recommended, self.verdicts.aim.sign

        def place(system: System) -> tuple[bool, bool, float, str]:
            mean = self.level(self.verdicts.aim.name, system.label).mean
            return (
                system.label != recommended.system,
                system.label in recommended.excluded,
                -sign * mean if math.isfinite(mean) else math.inf,
                system.label,
            )

        return {system.label: system for system in sorted(self.experiment.systems, key=place)}

    @property
    def recommended(self) -> System:
        """The system to use."""
        return self.systems[self.verdicts.recommended.system]

    def level(self, metric: str, system: str) -> SystemLevel:
        """What a system reaches by a metric; NaN where it wasn't scored."""
        return self.verdicts.level(metric, system) or SystemLevel(system, math.nan, math.nan, math.nan)

    def reference(self, name: str, metric: Metric) -> float:
        """What a reference, such as the recordings, reaches; NaN where it wasn't scored."""
        rows = self.references
        found = rows.loc[(rows["reference"] == name) & (rows["metric"] == metric.name), "value"]
        return float(found.iloc[0]) if len(found) else math.nan


def analyse(experiment: Experiment, settings: ReportSettings) -> Analysis:
    """Compare the systems of an experiment in every metric that was scored on the test sentences."""
    scored = [metric.name for metric in experiment.metrics]
    settings = replace(settings, guards=guards_of(settings.guards, scored, experiment.language))
    look = look_at(experiment)
    evidence = gather(experiment)
    verdicts = conclude(experiment, evidence, settings, spent_at(look, settings.alpha))
    return Analysis(
        experiment,
        settings,
        look,
        evidence,
        verdicts,
        speakers=per_speaker(experiment),
        curves=learning_curves(experiment),
        references=reference_levels(experiment, verdicts.recommended.system),
        progress=follow(experiment, verdicts, settings.margin(verdicts.aim.name)),
        ears=hear(experiment, settings.ratings, verdicts.headline, settings.alpha) if settings.ratings else None,
        foreign=beside_others(experiment, verdicts, settings),
    )
