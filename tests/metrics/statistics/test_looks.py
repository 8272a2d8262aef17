"""Looking again at growing data keeps the level where looks are counted, and only there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from simulated_scores import PAIR, most_errors

from metrics.statistics.contrasts import Reach, contrasts
from metrics.statistics.looks import spent_at
from metrics.statistics.planted_grid import PlantedGrid
from metrics.statistics.variance_components import components
from vits.common.errors import InputError

EXPERIMENTS = 120
LOOKS = (1, 2, 3, 4)


def ever_false(level: Callable[[int], float], seed: int) -> bool:
    """Whether any look at more and more sentences of two trained systems misses their difference."""
    grid: PlantedGrid = replace(PAIR, seeds=1, speakers=2, sentences=40)
    scores, truth = grid.draw(np.random.default_rng(seed))
    true = truth.of_voices_as_trained[0] - truth.of_voices_as_trained[1]
    for look in LOOKS:
        kept = scores.text_of % 40 < 10 * look
        seen = replace(
            scores,
            values=scores.values[:, :, kept],
            weights=scores.weights[kept],
            speaker_of=scores.speaker_of[kept],
            text_of=scores.text_of[kept],
        )
        found = contrasts(components(seen), np.array([[1.0, -1.0]]), Reach.TRAINED_VOICES)
        if abs(found.estimates[0] - true) > found.half_widths(level(look))[0]:
            return True
    return False


def test_level_is_kept_over_all_looks_when_they_are_counted() -> None:
    assert sum(ever_false(spent_at, seed) for seed in range(EXPERIMENTS)) <= most_errors(EXPERIMENTS)


def test_level_is_lost_when_looks_are_not_counted() -> None:
    assert sum(ever_false(lambda _: 0.05, seed) for seed in range(EXPERIMENTS)) > most_errors(EXPERIMENTS)


def test_looks_never_spend_more_than_there_is_however_many_there_are() -> None:
    spent = np.cumsum([spent_at(look) for look in range(1, 2000)])
    assert (spent <= 0.05).all()
    assert spent[-1] == pytest.approx(0.05, rel=1e-3)
    with pytest.raises(InputError, match="must be 1 or more"):
        spent_at(0)
