"""Verdicts on simulated experiments are wrong, and right, as often as they promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from metrics.statistics import Observations, Scope, compare
from metrics.statistics.bootstrap import Samples, bootstrap
from metrics.statistics.comparison import uncertainty as uncertainty_of
from metrics.statistics.simulation import Planted
from metrics.statistics.t_test import Uncertainty

EXPERIMENTS = 1000
# A test that errs in exactly 5 % of all experiments passes this in 999 of 1,000 runs; the seed is fixed.
MOST_ERRORS = int(binom.ppf(0.999, EXPERIMENTS, 0.05))


def errors(planted: Planted, scope: Scope = Scope.SPEAKERS_LIKE_THESE) -> int:
    samples, uncertainty = experiments(planted, EXPERIMENTS, scope)
    return int((uncertainty.p(samples.means()) <= 0.05).sum())


def experiments(planted: Planted, count: int, scope: Scope) -> tuple[Samples, Uncertainty]:
    """What `compare` makes of the pair in each experiment, with all experiments drawn again together."""
    rng = np.random.default_rng(0)
    drawn = [replace(planted, words=(8, 8)).draw(rng) for _ in range(count)]
    samples = Samples(np.stack([d.values[1] - d.values[0] for d in drawn]), drawn[0].weights)
    return samples, uncertainty_of(bootstrap(samples, 400, rng), scope)


def test_identical_systems_are_rarely_told_apart_when_compared_one_by_one() -> None:
    rng = np.random.default_rng(0)
    comparisons = (compare(Planted().draw(rng), resamples=100, rng=rng) for _ in range(EXPERIMENTS))
    assert sum(comparison.pairs[0].distinguishable for comparison in comparisons) <= MOST_ERRORS


@pytest.mark.parametrize("speakers", [3, 5, 10])
@pytest.mark.parametrize("disagreement", [0.0, 0.5])
def test_identical_systems_are_rarely_told_apart_when_speakers_are_few(speakers: int, disagreement: float) -> None:
    null = Planted(speakers=speakers, by_speaker=(disagreement,) * 2)
    assert errors(null) <= MOST_ERRORS


def test_identical_systems_are_rarely_told_apart_when_most_sentences_have_no_error() -> None:
    assert errors(Planted(speakers=5, sentences=20, shape=0.1)) <= MOST_ERRORS


@pytest.mark.parametrize("seeds", [2, 3])
def test_identical_systems_are_rarely_told_apart_when_every_training_differs(seeds: int) -> None:
    assert errors(Planted(seeds=seeds, by_seed=0.4)) <= MOST_ERRORS


@pytest.mark.parametrize("speakers", [1, 5])
def test_identical_systems_are_rarely_told_apart_when_only_these_speakers_are_meant(speakers: int) -> None:
    assert errors(Planted(speakers=speakers, by_speaker=(0.0, 0.0)), Scope.THESE_SPEAKERS) <= MOST_ERRORS


def test_one_seed_alone_misleads_when_every_training_differs() -> None:
    """What the caveat warns of is real: the verdict is then about the trained models."""
    drawn = Planted(speakers=10, sentences=40, by_speaker=(0.0, 0.0), by_seed=0.5)
    assert errors(drawn) > 3 * MOST_ERRORS


def test_resampled_speakers_alone_would_claim_too_much_when_there_are_five() -> None:
    """The simulation can tell a test that errs too often: plain percentiles do."""
    rng, errs = np.random.default_rng(0), 0
    for _ in range(EXPERIMENTS):
        drawn = Planted(sentences=20).draw(rng)
        differences = _of_speakers(drawn)
        means = differences[rng.integers(5, size=(200, 5))].mean(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        errs += not low <= 0 <= high
    assert errs > 1.5 * MOST_ERRORS


def _of_speakers(observations: Observations) -> np.ndarray:
    difference = observations.values[0, 0] - observations.values[1, 0]
    return np.average(difference, axis=1, weights=observations.weights)


def test_none_of_66_pairs_is_told_apart_when_twelve_systems_are_identical() -> None:
    null = Planted(rates=(0.2,) * 12, by_speaker=(0.3,) * 12, sentences=20)
    rng = np.random.default_rng(0)
    families = [compare(null.draw(rng), resamples=100, rng=rng).pairs for _ in range(60)]
    assert sum(any(pair.distinguishable for pair in family) for family in families) <= binom.ppf(0.999, 60, 0.05)


@pytest.mark.parametrize(("speakers", "seeds", "by_seed"), [(5, 1, 0.0), (10, 1, 0.0), (5, 5, 0.05)])
def test_planted_difference_is_found_as_often_as_said_when_just_detectable(
    speakers: int, seeds: int, by_seed: float
) -> None:
    """What the test says it could see with 80 % power is found in 80 % of experiments, if it is there."""
    mild = Planted((0.4, 0.4), (0.1, 0.1), by_seed, shape=2.0, speakers=speakers, sentences=20, seeds=seeds)
    samples, uncertainty = experiments(mild, EXPERIMENTS, Scope.SPEAKERS_LIKE_THESE)
    said = np.sqrt(np.mean(uncertainty.detectable(0.05, 0.8) ** 2))
    found = uncertainty.p(samples.means() + said) <= 0.05
    assert 0.75 < found.mean() < 0.87
