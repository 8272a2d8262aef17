"""From one row per utterance to what is compared: per speaker, then over speakers.

The speakers are the sample: utterances of one speaker resemble each other, so the spread that counts is the
one between speakers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
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


def by_speaker(rows: pd.DataFrame, metrics: Sequence[Metric], within: Sequence[str] = ()) -> pd.DataFrame:
    """Each value of each metric for one speaker, combined over utterances as the metric says.

    `within` are further columns whose values are kept apart, such as system and seed; they come first, in the order in
    which they appear. `utterances` is how many were scored and `undefined` how many of those have no value (NaN), which
    is then left out of `value`.

    Raises:
        InputError: a column is missing, or an utterance has two rows of the same metric.
    """
    _check(rows, within)
    keys = [*within, "step", "split", "speaker"]
    summaries = [summary for metric in metrics for summary in _of_metric(rows, metric, keys)]
    if within:
        appeared = {place: n for n, place in enumerate(rows[[*within]].drop_duplicates().itertuples(index=False))}
        summaries.sort(key=lambda summary: appeared[summary[: len(within)]])
    return _frame(summaries, (*within, *SPEAKER_COLUMNS))


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


def _of_metric(rows: pd.DataFrame, metric: Metric, keys: Sequence[str]) -> Iterator[tuple[object, ...]]:
    """What a metric makes of the utterances of each group: the group's keys, value, number, utterances, undefined."""
    own = rows.loc[rows["metric"].isin(metric.values)]
    wide = own.pivot(index=[*keys, "utterance"], columns="metric", values="value").reset_index()
    columns = wide.reindex(columns=list(metric.values)).to_numpy(dtype=np.float64)
    for place, positions in wide.groupby([*keys], sort=True).indices.items():
        group = dict(zip(metric.values, columns[positions].T, strict=True))  # plain arrays: there are thousands
        for value, number in metric.summarise(group).items():
            column = group.get(value, group[metric.name])  # an equal error rate is of no utterance alone
            yield *cast(tuple[object, ...], place), value, number, len(positions), int(np.isnan(column).sum())


def _check(rows: pd.DataFrame, within: Sequence[str]) -> None:
    needed = (*within, *ROW_COLUMNS)
    missing = [column for column in needed if column not in rows]
    if missing:
        raise InputError(f"the table of scores lacks {', '.join(missing)}; its columns must be {', '.join(needed)}")
    keys = [column for column in needed if column != "value"]
    twice = rows[rows.duplicated(keys)]
    if len(twice):
        first = ", ".join(f"{key}={twice.iloc[0][key]}" for key in keys)
        raise InputError(f"the table of scores has two rows for {first}; keep one")


def _frame(rows: Sequence[tuple[object, ...]], columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=pd.Index(columns))


def mean_and_spread(mean: float, spread: float) -> str:
    """A mean over speakers beside the spread between them, of which one speaker has none."""
    return f"{mean:.3f}" if math.isnan(spread) else f"{mean:.3f} ± {spread:.3f}"
