"""Who can't become the best any more, on planted learning curves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from metrics.statistics.planted_grid import Spreads
from metrics.statistics.planted_race import PlantedRace, SaturatingCurves
from metrics.statistics.racing import Behind, behind, growths_of, strides_left
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


def test_straight_line_is_kept_when_it_ends_where_the_leader_does() -> None:
    curves = SaturatingCurves(starts=(0.5, 0.2), limits=(0.6, 200.2), paces=(10.0, 1e5))  # 0.002 a step
    race = PlantedRace(curves, np.random.default_rng(0), CALM)
    assert race.truth(200)[1] == pytest.approx(0.6, abs=0.01)
    assert named(race, (0, 25, 50), 200) == named(race, (0, 25, 50, 100), 200) == ()
    assert [found.system for found in named(race, (0, 25, 50, 100), 140)] == ["s1"]


def test_margin_names_equals_but_nobody_behind_whom_others_fell() -> None:
    flat = SaturatingCurves((0.5, 0.5), (0.5, 0.5), (50.0, 50.0))
    race = PlantedRace(flat, np.random.default_rng(0), CALM)
    stages = (0, 25, 50, 100)
    parts = components(race.seen({step: race.score(step) for step in stages}, race.curves.systems))
    assert behind(parts, race.curves.systems, stages, 101) == ()
    (near,) = behind(parts, race.curves.systems, stages, 101, margin=0.02)
    assert -0.02 < near.at_least < 0
    assert behind(parts, race.curves.systems, stages, 101, margin=0.02, relied_on=[near.system]) == ()
    assert behind(parts, race.curves.systems, stages, 101, margin=0.02, leaders=[near.system]) == ()


def test_nobody_is_named_behind_a_system_that_is_itself_named_when_there_is_a_margin() -> None:
    steps = tuple(0.5 - 0.015 * place for place in range(4))
    race = PlantedRace(SaturatingCurves(steps, steps, (50.0,) * 4), np.random.default_rng(0), CALM)
    stages = (0, 25, 50, 100)
    parts = components(race.seen({step: race.score(step) for step in stages}, race.curves.systems))
    found = behind(parts, race.curves.systems, stages, 101, margin=0.02)
    assert found
    assert {each.leader for each in found}.isdisjoint(each.system for each in found)


@pytest.mark.parametrize(
    ("values", "growth"),
    [
        ((0.2, 0.3, 0.4, 0.6), 2.0),  # a straight line
        ((0.2, 0.3, 0.4, 0.48), 1.0),  # slopes of 0.004 and 0.0016
        ((0.2, 0.3, 0.4, 0.41), 1.0),  # it bends
        ((0.2, 0.3, 0.3, 0.41), 2.0),  # it rises again
        ((0.2, 0.3, 0.25, 0.26), 2.0),
    ],
)
def test_growth_is_what_the_slope_kept_when_there_are_three_stages(values: tuple[float, ...], growth: float) -> None:
    assert growths_of(np.array([values]), (0, 25, 50, 100))[0] == pytest.approx(growth)


def test_strides_left_are_a_geometric_sum_when_steps_double() -> None:
    assert strides_left(50, 100, 800, 1.0) == pytest.approx(3)
    assert strides_left(50, 100, 800, 2.0) == pytest.approx(2 + 4 + 8)
    assert strides_left(50, 100, 800, 2.0) == pytest.approx((800 - 100) / 50), "a straight line over steps"
    assert strides_left(0, 25, 100, 1.5) == pytest.approx(3)
    assert strides_left(100, 150, 150, 1.5) == 0


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
