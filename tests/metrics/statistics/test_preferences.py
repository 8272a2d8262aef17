"""Strengths are found where they were planted, and their intervals hold as often as promised."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from scipy.special import expit, logit

from metrics.statistics.preferences import Votes, bradley_terry, preferred, weighted_means
from vits.common.errors import InputError

SYSTEMS = ("a", "b", "c")


def drawn(strengths: np.ndarray, raters: int, sentences: int, taste: float, rng: np.random.Generator) -> Votes:
    """Every rater hears every pair with every third sentence, and has a taste of their own; so has each sentence."""
    own = taste * rng.standard_normal((raters, strengths.size))
    of_sentence = taste * rng.standard_normal((sentences, strengths.size))
    rows = []
    for rater in range(raters):
        for sentence in range(rater % 3, sentences, 3):
            level = strengths + own[rater] + of_sentence[sentence]
            for i, j in combinations(range(strengths.size), 2):
                won = rng.random() < expit(level[i] - level[j])
                rows.append((i, j, rater, sentence) if won else (j, i, rater, sentence))
    return Votes(SYSTEMS, *np.array(rows).T)


def test_strengths_are_the_log_odds_when_two_were_compared() -> None:
    strengths = bradley_terry(np.array([[0.0, 300.0], [100.0, 0.0]]))
    assert strengths[0] - strengths[1] == pytest.approx(math.log(300.5 / 100.5), abs=1e-6)
    assert strengths.sum() == pytest.approx(0)


def test_planted_strengths_are_found_when_many_have_listened() -> None:
    planted = np.array([0.8, 0.0, -0.8])
    votes = drawn(planted, 60, 60, 0.0, np.random.default_rng(0))
    found = preferred(votes, alpha=0.05, rng=np.random.default_rng(1))
    truth = [np.mean([expit(planted[i] - planted[j]) for j in range(3) if j != i]) for i in range(3)]
    assert [estimate.value for estimate in found] == pytest.approx(truth, abs=0.03)
    assert found[0].lower > found[1].upper > found[1].lower > found[2].upper


def test_intervals_hold_as_often_as_promised_when_raters_and_sentences_have_tastes() -> None:
    missed, n = 0, 60
    for seed in range(n):
        votes = drawn(np.zeros(3), 10, 12, 0.5, np.random.default_rng(seed))
        found = preferred(votes, alpha=0.05, rng=np.random.default_rng(seed))[0]
        missed += not found.lower <= 0.5 <= found.upper
    assert missed <= 8  # 5 % of 60 are 3; more than 8 has a chance of 0.6 %


def test_interval_is_unknown_when_one_rater_has_listened() -> None:
    votes = drawn(np.array([1.0, 0.0, -1.0]), 1, 12, 0.0, np.random.default_rng(0))
    first = preferred(votes, alpha=0.05, rng=np.random.default_rng(0))[0]
    assert first.value > 0.5
    assert math.isnan(first.lower)


def test_system_has_a_finite_strength_when_it_always_wins() -> None:
    strengths = bradley_terry(np.array([[0.0, 10.0], [0.0, 0.0]]))
    assert strengths[0] - strengths[1] == pytest.approx(logit(10.5 / 11), abs=1e-6)


def test_means_are_of_each_group_when_answers_are_rated() -> None:
    group, values = np.array([0, 0, 1, 1]), np.array([1.0, 2.0, 5.0, 5.0])
    clusters = np.array([0, 1, 0, 1])
    found = weighted_means(("x", "y"), group, values, clusters, clusters, alpha=0.05, rng=np.random.default_rng(0))
    assert [estimate.value for estimate in found] == [1.5, 5.0]
    assert found[1].lower == pytest.approx(5.0)
    assert 1.0 <= found[0].lower < 1.5 < found[0].upper <= 2.0


def test_votes_are_refused_when_there_are_none_or_they_make_no_sense() -> None:
    nothing, one = np.array([], dtype=int), np.array([0])
    with pytest.raises(InputError, match="no vote"):
        Votes(SYSTEMS, nothing, nothing, nothing, nothing)
    with pytest.raises(InputError, match="with itself"):
        Votes(SYSTEMS, one, one, one, one)
