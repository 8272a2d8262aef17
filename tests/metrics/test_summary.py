"""From rows to the table, with numbers by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from metrics.metric import Score, Utterance
from metrics.secs import Secs
from metrics.summary import by_speaker, over_speakers, score_rows, summarise
from metrics.wer import WordErrorRate
from vits.common.errors import InputError


def secs_rows(values: dict[str, list[float]]) -> pd.DataFrame:
    wave = np.ones(16_000, dtype=np.float32)
    pairs = [
        (Utterance(f"{i}", speaker, "", wave, 16_000), Score({"secs": value}))
        for speaker, numbers in values.items()
        for i, value in enumerate(numbers)
    ]
    return score_rows([u for u, _ in pairs], [s for _, s in pairs], step=5, split="test")


def test_mean_and_spread_are_over_speakers_and_not_over_utterances() -> None:
    rows = secs_rows({"anna": [0.5, 0.7], "bo": [0.2]})
    (row,) = summarise(rows, [Secs()]).to_dict("records")
    assert (row["step"], row["split"], row["metric"], row["speakers"]) == (5, "test", "secs", 2)
    assert row["mean"] == pytest.approx(0.4)
    assert row["spread"] == pytest.approx(0.4 / 2**0.5)


def test_undefined_scores_are_left_out_and_counted() -> None:
    speakers = by_speaker(secs_rows({"anna": [0.5, math.nan], "bo": [math.nan]}), [Secs()])
    assert speakers[["utterances", "undefined"]].to_numpy().tolist() == [[2, 1], [1, 1]]
    np.testing.assert_array_equal(speakers["value"], [0.5, math.nan])
    (row,) = over_speakers(speakers).to_dict("records")
    assert (row["mean"], row["speakers"], row["undefined"]) == (0.5, 1, 2)
    assert math.isnan(row["spread"])


def test_each_metric_combines_its_own_way_when_there_are_several() -> None:
    wave = np.ones(16_000, dtype=np.float32)
    pair = [Utterance("0", "anna", "", wave, 16_000), Utterance("1", "anna", "", wave, 16_000)]
    counts = dict.fromkeys(WordErrorRate.components, 0.0)
    scores = [
        Score({"wer": 1.0, **counts, "wer_deletions": 1.0, "wer_reference_words": 1.0}),
        Score({"wer": 0.0, **counts, "wer_reference_words": 9.0}),
    ]
    rows = pd.concat([secs_rows({"anna": [0.5]}), score_rows(pair, scores, 5, "test")])
    table = summarise(rows, [WordErrorRate(), Secs()])
    means = dict(zip(table["metric"], table["mean"], strict=True))
    assert means["wer"] == pytest.approx(0.1)
    assert means["secs"] == 0.5


def test_steps_and_splits_stay_apart() -> None:
    rows = secs_rows({"anna": [0.5]})
    later = rows.assign(step=10, split="validation", value=0.8)
    table = summarise(pd.concat([rows, later]), [Secs()])
    assert table[["step", "split", "mean"]].to_numpy().tolist() == [
        [5, "test", 0.5],
        [10, "validation", 0.8],
    ]


def test_table_is_refused_when_a_row_stands_twice_or_a_column_is_missing() -> None:
    rows = secs_rows({"anna": [0.5]})
    with pytest.raises(InputError, match="two rows for step=5, split=test, speaker=anna, utterance=0, metric=secs"):
        by_speaker(pd.concat([rows, rows]), [Secs()])
    with pytest.raises(InputError, match="lacks step"):
        by_speaker(rows.drop(columns="step"), [Secs()])
