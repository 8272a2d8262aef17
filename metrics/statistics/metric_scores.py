"""A metric's rows as paired scores: its scale, and the component by which its utterances weigh."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from metrics.metric import Metric
from metrics.statistics.paired_scores import UTTERANCE, PairedScores, Scale, paired_scores

KEYS = ["system", "seed", *UTTERANCE]


def scale_of(metric: Metric) -> Scale:
    """What its values mean, and the range that no stated bound leaves."""
    return Scale(metric.name, metric.unit, metric.higher_is_better, *metric.range)


def metric_scores(rows: pd.DataFrame, metric: Metric, untrained: Collection[str] = ()) -> PairedScores:
    """The scores of one metric from rows `system, seed, speaker, utterance, text, metric, value` of several.

    Rows of other metrics are ignored, except those of the component by which `metric` weighs its utterances. Systems
    without any value are left out.

    Raises:
        InputError: as for `paired_scores`; nothing is left to compare.
    """
    return paired_scores(_weighted(rows, metric), scale_of(metric), untrained)


def metric_changes(before: pd.DataFrame, after: pd.DataFrame, metric: Metric) -> PairedScores:
    """By how much each system's scores of the same utterances changed: those of `after` less those of `before`.

    Utterances that either lacks are left out; one counts what it weighs after.

    Raises:
        InputError: as for `paired_scores`; nothing is left to compare.
    """
    old = before.loc[before["metric"] == metric.name, [*KEYS, "value"]].rename(columns={"value": "value_before"})
    rows = _weighted(after, metric).merge(old, on=KEYS)
    scale = scale_of(metric)
    between = Scale(scale.metric, scale.unit, scale.higher_is_better, -scale.widest, scale.widest)
    return paired_scores(rows.assign(value=rows["value"] - rows["value_before"]), between)


def _weighted(rows: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """The metric's own rows, with a column `weight` where its utterances weigh differently; 0 where it is missing."""
    ours = rows[rows["metric"] == metric.name]
    ours = ours[ours["system"].isin(ours.loc[ours["value"].notna(), "system"])]
    if metric.weight is None:
        return ours
    weights = rows.loc[rows["metric"] == metric.weight, [*KEYS, "value"]].rename(columns={"value": "weight"})
    weighted = ours.merge(weights, on=KEYS, how="left")
    return weighted.assign(weight=weighted["weight"].fillna(0.0))
