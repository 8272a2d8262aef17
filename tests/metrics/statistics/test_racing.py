"""Who can't become the best any more, on planted learning curves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from metrics.statistics.planted_grid import Spreads
from metrics.statistics.planted_race import PlantedRace, SaturatingCurves
from metrics.statistics.racing import Behind, behind
from metrics.statistics.variance_components import components
from vits.common.errors import InputError

CALM = Spreads(seed=0.0, seed_by_voice=0.0, voice=0.0, text=0.002, chance=0.002)
LEADS_EARLY = SaturatingCurves(starts=(0.2, 0.2), limits=(0.5, 0.6), paces=(30.0, 150.0))


def named(race: PlantedRace, stages: Sequence[int], end: int, alpha: float = 0.05) -> tuple[Behind, ...]:
    scores = {step: race.score(step) for step in stages}
    systems = race.curves.systems
    return behind(components(race.seen(scores, systems)), systems, stages, end, alpha=alpha)


def test_slow_riser_is_kept_when_it_will_overtake() -> None:
    race = PlantedRace(LEADS_EARLY, np.random.default_rng(0), CALM)
    at_100, at_400 = race.truth(100), race.truth(400)
    assert at_100[0] > at_100[1] + 0.09
    assert at_400[1] > at_400[0] + 0.05
    assert named(race, (0, 25, 50, 100), 400) == ()


def test_the_same_system_is_left_behind_when_the_end_is_near() -> None:
    race = PlantedRace(LEADS_EARLY, np.random.default_rng(0), CALM)
    (found,) = named(race, (0, 25, 50, 100), 120)
    assert (found.system, found.leader) == ("s1", "s0")
    # where the last slope takes it, by its curve: v(100) + 20 / 50 (v(100) - v(50))
    before, now = race.curves.at(50), race.curves.at(100)
    assert found.at_least == pytest.approx(now[0] - now[1] - 0.4 * (now[1] - before[1]), abs=0.01)
    assert found.at_least < now[0] - now[1] - 0.4 * (now[1] - before[1])


def test_falling_system_counts_as_its_best_stage_when_it_is_compared() -> None:
    falls = SaturatingCurves(starts=(0.5, 0.2), limits=(0.1, 0.45), paces=(40.0, 40.0))
    race = PlantedRace(falls, np.random.default_rng(0), CALM)
    assert race.truth(200)[1] > race.truth(200)[0] + 0.3
    assert "s0" not in {found.system for found in named(race, (0, 100, 200), 210)}


def test_best_is_rarely_named_when_all_are_alike() -> None:
    rng, wrong, races = np.random.default_rng(1), 0, 150
    curves = SaturatingCurves((0.5,) * 4, (0.5,) * 4, (50.0,) * 4)
    for _ in range(races):
        race = PlantedRace(curves, rng, speakers=3)
        best = race.curves.systems[int(race.truth(200).argmax())]
        wrong += best in {found.system for found in named(race, (0, 50, 100), 101, alpha=0.2)}
    assert wrong <= 0.2 * races


def test_nobody_is_named_when_there_is_one_system() -> None:
    race = PlantedRace(SaturatingCurves((0.2,), (0.5,), (50.0,)), np.random.default_rng(0))
    assert named(race, (0, 50), 100) == ()


@pytest.mark.parametrize("stages", [(50,), (0, 100), (50, 25)])
def test_stages_are_refused_when_they_tell_no_slope_before_the_end(stages: Sequence[int]) -> None:
    race = PlantedRace(LEADS_EARLY, np.random.default_rng(0))
    with pytest.raises(InputError, match="two or more that rise, and lie before the end, 100"):
        named(race, stages, 100)


def test_system_without_scores_is_told_when_it_lacks_a_stage() -> None:
    race = PlantedRace(LEADS_EARLY, np.random.default_rng(0))
    parts = components(race.seen({0: race.score(0), 25: race.score(25)}, ["s0"]))
    with pytest.raises(InputError, match="not scored: s1 @ 0, s1 @ 25"):
        behind(parts, ("s0", "s1"), (0, 25), 100)
