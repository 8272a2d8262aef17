"""What each speaker reaches, at every evaluation: the numbers behind tables per speaker and learning curves."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from metrics.metric import Metric
from metrics.summary import by_speaker
from runners.reporting.results import SPLITS, Experiment
from vits.corpus.split import TEST

SPEAKER_KEYS = ["system", "step", "split", "metric", "speaker"]
CURVE_KEYS = ["system", "step", "split", "metric"]


def speaker_levels(rows: pd.DataFrame, metrics: Sequence[Metric]) -> pd.DataFrame:
    """Columns `system, step, split, metric, speaker, value, utterances, undefined`, the seeds averaged.

    Only the metrics' own values, not their components; `utterances` and `undefined` are summed over seeds.
    """
    names = {metric.name for metric in metrics}
    levels = by_speaker(rows, metrics, within=["system", "seed"])
    groups = levels[levels["metric"].isin(names)].groupby(SPEAKER_KEYS, sort=False)
    return groups.agg(
        value=("value", "mean"), utterances=("utterances", "sum"), undefined=("undefined", "sum")
    ).reset_index()


def per_speaker(experiment: Experiment) -> pd.DataFrame:
    """Every speaker in every system, each cell at its chosen step; `step` says nothing here."""
    rows = experiment.final[experiment.final["split"] == TEST]
    return speaker_levels(rows.assign(step=0), experiment.metrics)  # seeds may have chosen different steps


def learning_curves(experiment: Experiment) -> pd.DataFrame:
    """The mean over speakers at every evaluation: columns `system, step, split, metric, value`."""
    rows = experiment.scores[experiment.scores["split"].isin(SPLITS)]
    levels = speaker_levels(rows, experiment.metrics)
    return levels.groupby(CURVE_KEYS, sort=False).agg(value=("value", "mean")).reset_index()


def reference_levels(experiment: Experiment, system: str) -> pd.DataFrame:
    """What stands beside the scores, from the cells of one system: columns `reference, metric, value`, of the test."""
    table = experiment.references
    table = table[(table["split"] == TEST) & (table["system"] == system)]
    parts = [
        speaker_levels(group, experiment.metrics).assign(reference=name)
        for name, group in table.groupby("reference", sort=False)
    ]
    if not parts:
        return pd.DataFrame(columns=pd.Index(["reference", "metric", "value"]))
    levels = pd.concat(parts, ignore_index=True)
    return levels.groupby(["reference", "metric"], sort=False).agg(value=("value", "mean")).reset_index()
