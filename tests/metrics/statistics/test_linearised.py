"""The closed form is what the bootstrap comes to with many resamples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from metrics.statistics.bootstrap import Samples, bootstrap
from metrics.statistics.linearised import linearised_spread
from metrics.statistics.simulation import Planted


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("speakers", [1, 3, 10])
def test_variances_are_the_bootstraps_when_it_is_drawn_often(speakers: int, seeds: int) -> None:
    rng = np.random.default_rng(0)
    planted = replace(Planted(by_seed=0.3), speakers=speakers, seeds=seeds, sentences=20)
    drawn = [planted.draw(rng) for _ in range(20)]
    for one in drawn:
        one.values[0, 0, 0, 3] = np.nan
        samples = Samples(one.values, one.weights)
        exact, resampled = linearised_spread(samples), bootstrap(samples, 4000, rng)
        for part in ("n_speakers", "n_seeds"):
            np.testing.assert_array_equal(getattr(exact, part), getattr(resampled, part))
        np.testing.assert_allclose(exact.speakers, resampled.speakers, rtol=0.15)
        np.testing.assert_allclose(exact.seeds, resampled.seeds, rtol=0.15)
        np.testing.assert_allclose(exact.utterances, resampled.utterances, rtol=0.3)
        np.testing.assert_allclose(exact.utterances_df, resampled.utterances_df, rtol=0.4)


def test_variances_are_0_when_nothing_varies() -> None:
    exact = linearised_spread(Samples(np.full((2, 1, 3, 4), 0.3), np.ones((3, 4))))
    np.testing.assert_array_equal([exact.speakers, exact.utterances, exact.seeds], np.zeros((3, 2)))
    np.testing.assert_array_equal(exact.utterances_df, [9, 9])
