"""From one row per utterance to what is compared: per speaker, then over speakers.

The speakers are the sample: utterances of one speaker resemble each other, so the spread that counts is the
one between speakers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import numpy as np
import pandas as pd

from metrics.metric import Metric, Score, Utterance
from vits.common.errors import InputError

ROW_COLUMNS = ("step", "split", "speaker", "utterance", "metric", "value")
SPEAKER_COLUMNS = ("step", "split", "speaker", "metric", "value", "utterances", "undefined")
TABLE_COLUMNS = ("step", "split", "metric", "mean", "spread", "speakers", "undefined")


def score_rows(utterances: Sequence[Utterance], scores: Sequence[Score], step: int, split: str) -> pd.DataFrame:
    """Scores as rows `step, split, speaker, utterance, metric, value`, one for each named value."""
    rows = [
        (step, split, utterance.speaker, utterance.name, value, number)
        for utterance, score in zip(utterances, scores, strict=True)
        for value, number in score.values.items()
    ]
    return _frame(rows, ROW_COLUMNS)


def by_speaker(rows: pd.DataFrame, metrics: Sequence[Metric]) -> pd.DataFrame:
    """Each value of each metric for one speaker, combined over utterances as the metric says.

    `utterances` is how many were scored and `undefined` how many of those have no value (NaN), which is then
    left out of `value`.

    Raises:
        InputError: a column is missing, or an utterance has two rows of the same metric.
    """
    _check(rows)
    summaries = []
    for metric in metrics:
        wide = _wide(rows.loc[rows["metric"].isin(metric.values)], metric)
        for place, group in wide.groupby(["step", "split", "speaker"], sort=True):
            for value, number in metric.summarise(group).items():
                column = value if value in group else metric.name  # an equal error rate is of no utterance alone
                undefined = int(np.isnan(group[column].to_numpy(dtype=np.float64)).sum())
                summaries.append((*cast(tuple[int, str, str], place), value, number, len(group), undefined))
    return _frame(summaries, SPEAKER_COLUMNS)


def over_speakers(speakers: pd.DataFrame) -> pd.DataFrame:
    """Mean over speakers, and their spread (standard deviation, n - 1; NaN for a single speaker).

    `speakers` counts those that have a value, `undefined` the utterances without one, over all speakers.
    """
    groups = speakers.groupby(["step", "split", "metric"], sort=False)
    table = groups.agg(
        mean=("value", "mean"),
        spread=("value", "std"),
        speakers=("value", "count"),
        undefined=("undefined", "sum"),
    )
    return table.reset_index().reindex(columns=list(TABLE_COLUMNS))


def summarise(rows: pd.DataFrame, metrics: Sequence[Metric]) -> pd.DataFrame:
    """The table of results: columns `step, split, metric, mean, spread, speakers, undefined`."""
    return over_speakers(by_speaker(rows, metrics))


def _wide(rows: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """One row per utterance and one column for each of the metric's values."""
    wide = rows.pivot(index=["step", "split", "speaker", "utterance"], columns="metric", values="value")
    return wide.reindex(columns=list(metric.values))


def _check(rows: pd.DataFrame) -> None:
    missing = [column for column in ROW_COLUMNS if column not in rows]
    if missing:
        raise InputError(
            f"the table of scores lacks {', '.join(missing)}; its columns must be {', '.join(ROW_COLUMNS)}"
        )
    keys = [column for column in ROW_COLUMNS if column != "value"]
    twice = rows[rows.duplicated(keys)]
    if len(twice):
        first = ", ".join(f"{key}={twice.iloc[0][key]}" for key in keys)
        raise InputError(f"the table of scores has two rows for {first}; keep one")


def _frame(rows: Sequence[tuple[object, ...]], columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=pd.Index(columns))


def mean_and_spread(mean: float, spread: float) -> str:
    """A mean over speakers beside the spread between them, of which one speaker has none."""
    return f"{mean:.3f}" if math.isnan(spread) else f"{mean:.3f} ± {spread:.3f}"
