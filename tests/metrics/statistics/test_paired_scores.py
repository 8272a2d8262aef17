"""Rows become arrays that hold what all systems have, and nothing else."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from simulated_scores import FLAT, rows_of, word_errors

from metrics.statistics.paired_scores import Scale, paired_scores
from metrics.statistics.planted_grid import SECS_SCALE
from metrics.statistics.variance_components import components
from vits.common.errors import InputError


def small_table() -> pd.DataFrame:
    scores, _ = word_errors(np.random.default_rng(0), 2, 2, 2, 4)
    return rows_of(scores)


def test_values_lie_at_their_place_when_rows_are_shuffled() -> None:
    scores, _ = FLAT.draw(np.random.default_rng(0))
    rows = rows_of(scores)
    rows["utterance"] = rows["utterance"].str.zfill(8)
    again = paired_scores(rows.iloc[[0, *np.random.default_rng(1).permutation(len(rows) - 1) + 1]], SECS_SCALE)
    order = [again.systems.index(system) for system in scores.systems]
    np.testing.assert_array_equal(again.values[order], scores.values)
    np.testing.assert_allclose(components(again).means[order], components(scores).means)


def test_mean_is_weighted_within_each_voice_when_weights_are_given() -> None:
    rows = small_table()
    first = rows[rows["system"] == "system 0"]
    by_voice = first.groupby(["seed", "speaker"])[["value", "weight"]].apply(
        lambda part: np.average(part["value"], weights=part["weight"])
    )
    assert components(paired_scores(rows, Scale("wer", "errors", False))).means[0] == pytest.approx(by_voice.mean())


def test_utterance_is_left_out_for_all_when_one_system_has_no_value() -> None:
    rows = small_table()
    rows.loc[3, "value"] = math.nan
    scores = paired_scores(rows, Scale("wer", "errors", False))
    assert scores.values.shape == (2, 2, 7)
    assert scores.n_dropped == 3
    assert not np.isnan(scores.values).any()


def test_system_keeps_its_seeds_when_another_has_fewer() -> None:
    rows = small_table()
    scores = paired_scores(rows[~((rows["system"] == "system 1") & (rows["seed"] == 1))], Scale("wer", "errors", False))
    np.testing.assert_array_equal(scores.trained_with, [[True, True], [True, False]])
    assert scores.values.shape == (2, 2, 8)
    assert scores.n_dropped == 0


def test_table_is_refused_when_it_contradicts_itself() -> None:
    rows = small_table()
    with pytest.raises(InputError, match="lacks text"):
        paired_scores(rows.drop(columns="text"), SECS_SCALE)
    with pytest.raises(InputError, match="two rows for"):
        paired_scores(pd.concat([rows, rows.iloc[:1]]), SECS_SCALE)
    with pytest.raises(InputError, match="weight differs"):
        paired_scores(rows.assign(weight=np.arange(len(rows)) + 1.0), SECS_SCALE)
    with pytest.raises(InputError, match="no utterance"):
        paired_scores(rows.assign(value=math.nan), SECS_SCALE)


def test_voices_can_be_taken_alone_when_named() -> None:
    scores, _ = FLAT.draw(np.random.default_rng(0))
    alone = scores.of_speakers(["voice 3"])
    assert alone.speakers == ("voice 3",)
    np.testing.assert_array_equal(alone.values, scores.values[:, :, scores.speaker_of == 3])
    with pytest.raises(InputError, match="must be among"):
        scores.of_speakers(["nobody"])
