"""Rows of scores become arrays that weigh and leave out exactly as the metric's own summary does."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from metrics.secs import Secs
from metrics.statistics import Observations, compare, observations
from metrics.summary import by_speaker
from metrics.wer import WordErrorRate
from vits.common.errors import InputError

Row = tuple[str, int, str, str, str, float]


def table(rows: list[Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=pd.Index(["system", "seed", "speaker", "utterance", "metric", "value"]))


def word_errors(system: str, speaker: str, utterance: str, errors: float, words: float, seed: int = 0) -> list[Row]:
    place = (system, seed, speaker, utterance)
    counts = {"wer_substitutions": errors, "wer_deletions": 0.0, "wer_insertions": 0.0, "wer_hallucinated": 0.0}
    rate = errors / words if words else math.nan
    return [(*place, name, value) for name, value in {"wer": rate, "wer_reference_words": words, **counts}.items()]


def test_values_lie_at_their_place_when_rows_are_shuffled() -> None:
    rows = [
        (system, seed, speaker, utterance, "secs", value)
        for value, (system, seed, speaker, utterance) in enumerate(
            [(a, r, s, u) for a in ("b", "a") for r in (3, 7) for s in ("y", "x") for u in ("2", "1", "3")]
        )
    ]
    shuffled = table([(*row[:5], float(row[5])) for row in rows]).iloc[[0, *np.random.default_rng(0).permutation(24)]]
    seen = observations(shuffled.drop_duplicates(), Secs())
    assert seen.systems == ("b", "a")
    assert seen.speakers == ("x", "y")
    np.testing.assert_array_equal(seen.values[0, 0], [[4, 3, 5], [1, 0, 2]])  # speakers x, y; utterances 1, 2, 3
    np.testing.assert_array_equal(seen.values[1, 1] - seen.values[0, 0], np.full((2, 3), 18.0))
    np.testing.assert_array_equal(seen.weights, np.ones((2, 3)))


def test_estimates_are_the_metrics_own_when_words_weigh() -> None:
    rng = np.random.default_rng(0)
    rows: list[Row] = []
    for speaker, sentences in (("x", 3), ("y", 5)):
        for sentence in range(sentences):
            words = float(rng.integers(1, 12))
            for system in ("a", "b"):
                rows += word_errors(system, speaker, str(sentence), float(rng.integers(0, 6)), words)
    rows += [row for system in ("a", "b") for row in word_errors(system, "x", "no words", 0.0, 0.0)]
    seen = observations(table(rows), WordErrorRate())
    found = compare(seen, resamples=100, rng=rng).estimates
    for estimate in found:
        of_system = table(rows)[lambda t, name=estimate.system: t["system"] == name].assign(epoch=0, split="test")
        summary = by_speaker(of_system, [WordErrorRate()])
        assert estimate.mean == pytest.approx(summary[summary["metric"] == "wer"]["value"].mean())
        assert (estimate.n_speakers, estimate.n_utterances) == (2, 8)


def test_gaps_are_nan_when_speakers_and_seeds_are_ragged() -> None:
    rows: list[Row] = [("a", seed, "x", u, "secs", 0.5) for seed in (0, 1) for u in ("1", "2")]
    rows += [("b", 0, "x", "1", "secs", 0.25), ("a", 0, "y", "9", "secs", 0.125), ("b", 0, "y", "9", "secs", math.nan)]
    seen = observations(table(rows), Secs())
    assert seen.values.shape == (2, 2, 2, 2)
    np.testing.assert_array_equal(seen.weights, [[1, 1], [1, 0]])
    np.testing.assert_array_equal(seen.values[1, 0], [[0.25, np.nan], [np.nan, np.nan]])
    assert np.isnan(seen.values[1, 1]).all()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (table([("a", 0, "x", "1", "wer", 0.5)]), "no rows of secs; it has wer"),
        (table([("a", 0, "x", "1", "secs", 0.5)]).drop(columns="seed"), "lacks seed"),
        (table([("a", 0, "x", "1", "secs", 0.5)] * 2), "two rows for system=a, seed=0, speaker=x"),
    ],
)
def test_table_is_refused_when_it_is_no_comparison(rows: pd.DataFrame, message: str) -> None:
    with pytest.raises(InputError, match=message) as refused:
        observations(rows, Secs())
    assert "\n" not in str(refused.value)


def test_texts_are_refused_when_systems_spoke_different_ones() -> None:
    rows = table(word_errors("a", "x", "1", 1.0, 5.0) + word_errors("b", "x", "1", 1.0, 6.0))
    with pytest.raises(InputError, match="of utterance '1' of speaker 'x' is 5 and 6"):
        observations(rows, WordErrorRate())
    with pytest.raises(InputError, match="is missing"):
        observations(rows[rows["metric"] == "wer"], WordErrorRate())


@pytest.mark.parametrize(
    ("values", "weights", "message"),
    [
        (np.zeros((3, 1, 2, 3)), np.ones((2, 3)), "don't fit 2 systems and 2 speakers"),
        (np.full((2, 1, 2, 3), np.inf), np.ones((2, 3)), "infinite"),
        (np.zeros((2, 1, 2, 3)), -np.ones((2, 3)), "weight is negative"),
        (np.zeros((2, 0, 2, 3)), np.ones((2, 3)), "nothing to compare"),
    ],
)
def test_observations_are_refused_when_impossible(values: np.ndarray, weights: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Observations("secs", "cosine", True, ("a", "b"), ("x", "y"), values, weights)
