"""Everything that is computed from an experiment before a word of the report is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from metrics.metric import Metric
from runners.evaluation.evaluator import RETENTION
from runners.reporting.changes import Change, changes
from runners.reporting.naming import second_judges
from runners.reporting.ranking import Ranking, rank
from runners.reporting.results import Experiment, System
from runners.reporting.settings import ReportSettings
from runners.reporting.speaker_levels import learning_curves, per_speaker, reference_levels
from vits.corpus.split import TEST


@dataclass(frozen=True, eq=False)
class Analysis:
    """The statistics of an experiment. `headline` are the metrics that the report is about, the ranking one first."""

    experiment: Experiment
    settings: ReportSettings
    headline: tuple[Metric, ...]
    rankings: Mapping[str, Ranking]
    adaptation: tuple[Change, ...]
    retention: tuple[Change, ...]
    speakers: pd.DataFrame
    curves: pd.DataFrame
    references: pd.DataFrame

    @cached_property
    def systems(self) -> Mapping[str, System]:
        """The systems by label, best first by the first metric; those without it come last."""
        by_label = {system.label: system for system in self.experiment.systems}
        ranked = {estimate.system: by_label[estimate.system] for estimate in self.first.estimates}
        return {**ranked, **by_label}

    @property
    def first(self) -> Ranking:
        """The ranking that orders the systems."""
        return self.rankings[self.headline[0].name]

    @property
    def others(self) -> tuple[Metric, ...]:
        """The metrics beside the headline."""
        return tuple(metric for metric in self.experiment.metrics if metric not in self.headline)


def analyse(experiment: Experiment, settings: ReportSettings) -> Analysis:
    """Compare the systems of an experiment in every metric that was scored on the test sentences."""
    test = experiment.final[experiment.final["split"] == TEST]
    rankings = {metric.name: rank(test, metric, settings) for metric in experiment.metrics}
    headline = headline_metrics(experiment, settings)
    return Analysis(
        experiment,
        settings,
        headline,
        rankings,
        adaptation=_all_changes(experiment, headline, TEST, settings),
        retention=_all_changes(experiment, experiment.metrics, RETENTION, settings),
        speakers=per_speaker(experiment),
        curves=learning_curves(experiment),
        references=reference_levels(experiment, rankings[headline[0].name].best.system),
    )


def headline_metrics(experiment: Experiment, settings: ReportSettings) -> tuple[Metric, ...]:
    """The metrics that the settings name, as far as they were scored, and the second judges of similarity.

    Where neither was scored, the first metric that was.
    """
    named = [experiment.metric(metric.name) for metric in settings.metrics]
    found = [metric for metric in named if metric is not None] or list(experiment.metrics[:1])
    similarity = experiment.metric(settings.similarity)
    teachers = {teacher for system in experiment.systems for teacher in system.teachers}
    if similarity is not None:
        found += second_judges(similarity, experiment.metrics, teachers)
    return tuple(dict.fromkeys(found))


def _all_changes(
    experiment: Experiment, metrics: tuple[Metric, ...], split: str, settings: ReportSettings
) -> tuple[Change, ...]:
    return tuple(change for metric in metrics for change in changes(experiment, metric, split, settings))
