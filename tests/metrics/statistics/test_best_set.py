"""The best is in the set, and no choice costs more than it is said to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from simulated_scores import FLAT, most_errors, scores_of

from metrics.statistics.best_set import best_set, best_sets
from metrics.statistics.planted_grid import README_SPREADS, PlantedGrid
from metrics.statistics.variance_components import components
from vits.common.errors import InputError

EXPERIMENTS = 100
GRIDS = {
    "all alike": FLAT,
    "one best by a hair": replace(FLAT, means=((0.51, 0.5, 0.5),) + ((0.5, 0.5, 0.5),) * 3),
    "unequal": replace(FLAT, unequal=(1.0, 3.0, 1.0, 1.0) * 3),
    "one seed": replace(FLAT, seeds=1),
    "one voice": replace(FLAT, speakers=1),
    "two systems": replace(FLAT, means=((0.5, 0.5),)),
}


def false_claims(grid: PlantedGrid) -> int:
    """Experiments in which the best is not in the set, or any system loses more than its bound."""
    rng, false = np.random.default_rng(0), 0
    for _ in range(EXPERIMENTS):
        scores, drawn = grid.draw(rng)
        truth = drawn.of_voices_as_trained if grid.seeds == 1 else drawn.of_voices
        found = best_set(components(scores))
        bounds = [candidate.costs_at_most for candidate in found.candidates]
        lost = (truth.max() - truth > bounds).any()
        false += bool(lost) or scores.systems[int(truth.argmax())] not in found.systems
    return false


@pytest.mark.parametrize("name", GRIDS)
def test_best_is_in_the_set_and_bounds_hold_when_systems_are_close(name: str) -> None:
    assert false_claims(GRIDS[name]) <= most_errors(EXPERIMENTS)


def test_set_is_small_and_choosing_is_cheap_when_two_systems_lead_clearly() -> None:
    means = ((0.58, 0.45, 0.40), (0.578, 0.44, 0.40), (0.53, 0.42, 0.38), (0.48, 0.40, 0.35))
    rng = np.random.default_rng(0)
    grid = replace(FLAT, means=means, seeds=2, spreads=replace(README_SPREADS["secs"], voice=0.0))
    found = [best_set(components(grid.draw(rng)[0])) for _ in range(15)]
    assert np.mean([len(one.systems) for one in found]) < 3
    assert np.median([one.cost("s0 · f0") for one in found]) < 0.03


def test_set_and_bounds_are_those_worked_out_by_hand_when_one_system_leads() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.01, size=(2, 10))
    parts = components(scores_of([[[(0.5 + noise[0]).tolist()]], [[(0.3 + noise[1]).tolist()]]]))
    found = best_set(parts)
    apart = 0.2 + noise[0] - noise[1]
    assert found.systems == ("a",)
    assert found.cost("a") == 0
    assert found.cost("b") == pytest.approx(apart.mean() + 1.833113 * apart.std(ddof=1) / np.sqrt(10))


def test_metrics_share_the_level_when_there_are_several() -> None:
    parts = components(FLAT.draw(np.random.default_rng(0))[0])
    alone, together = best_set(parts), best_sets({"secs": parts, "again": parts})["secs"]
    assert together.alpha == pytest.approx(0.025)
    assert together.cost(parts.systems[0]) > alone.cost(parts.systems[0])


def test_choice_costs_nothing_when_there_is_one_system() -> None:
    found = best_set(components(scores_of([[[[0.1, 0.2, 0.3]]]])))
    assert found.systems == ("a",)
    assert found.cost("a") == 0
    with pytest.raises(InputError, match="no scores of 'b'"):
        found.cost("b")


def test_nothing_leads_when_nothing_can_be_measured() -> None:
    found = best_set(components(scores_of([[[[0.9]]], [[[0.1]]]])))
    assert found.systems == ("a", "b")
    assert found.cost("a") == 2  # all that a cosine can differ by
