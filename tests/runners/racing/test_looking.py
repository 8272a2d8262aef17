"""Who is dropped at a look, on planted learning curves."""

from __future__ import annotations

from pathlib import Path

import pytest
from planted_field import field

from metrics.metric import Metric
from metrics.secs import Secs
from metrics.wer import WordErrorRate
from runners.racing.looking import look
from runners.results.race_record import Race
from vits.common.errors import InputError

METRICS: dict[str, Metric] = {"secs": Secs(), "wer": WordErrorRate()}
BEST, NEAR, BAD = (0.2, 0.45, 0.55, 0.60), (0.2, 0.44, 0.545, 0.595), (0.2, 0.26, 0.27, 0.272)
RISES = (0.2, 0.25, 0.30, 0.40)  # a straight line on to 0.60 at the end


def after_all_looks(experiment: Path, race: Race) -> Race:
    for _ in race.stages_looked_at:
        race = race.with_look(look(experiment, race, METRICS))
    return race


def test_bad_system_is_dropped_with_all_its_seeds_and_says_behind_whom(tmp_path: Path) -> None:
    race = after_all_looks(tmp_path, field(tmp_path, {"best": BEST, "near": NEAR, "bad": BAD}))
    step, found = race.dropped["bad"]
    assert (step, found.leader) == (50, "best")
    assert 0.15 < found.at_least < 0.28  # 0.55, less 0.27 and twice the last 0.01
    assert race.left == ("best", "near")
    assert [taken.step for taken in race.looks] == [25, 50, 100]


@pytest.mark.parametrize("draw", range(12))
def test_best_is_never_dropped_when_another_is_nearly_as_good(tmp_path: Path, draw: int) -> None:
    race = after_all_looks(tmp_path, field(tmp_path, {"near": NEAR, "best": BEST, "slow": RISES}, draw=draw))
    assert "best" not in race.dropped
    assert "slow" not in race.dropped, "it may still reach the best"


def test_nobody_is_behind_a_leader_that_is_shown_to_be_heard_wrong(tmp_path: Path) -> None:
    curves, wer = {"best": BEST, "bad": BAD}, {"best": 0.7}
    race = after_all_looks(tmp_path / "free", field(tmp_path / "free", curves, wer=wer))
    assert set(race.dropped) == {"bad"}
    race = after_all_looks(tmp_path / "kept", field(tmp_path / "kept", curves, wer=wer, guards={"wer": 0.05}))
    assert race.dropped == {}
    assert race.looks[-1].excluded == {"best": "wer"}


def test_nobody_is_behind_a_leader_that_loses_the_old_voices(tmp_path: Path) -> None:
    curves, guards = {"best": BEST, "bad": BAD}, {"retention": 0.05}
    race = after_all_looks(tmp_path, field(tmp_path, curves, retained={"best": 0.5}, guards=guards))
    assert race.dropped == {}
    assert race.looks[0].excluded == {"best": "retention"}


def test_system_stays_when_a_cell_of_it_has_no_scores(tmp_path: Path) -> None:
    race = after_all_looks(tmp_path, field(tmp_path, {"best": BEST, "near": NEAR, "broken": BAD[:1]}))
    assert race.dropped == {}
    assert all(taken.without == ("broken",) for taken in race.looks)


def test_race_is_refused_in_one_line_when_nothing_was_validated(tmp_path: Path) -> None:
    race = field(tmp_path, {"best": BEST, "bad": BAD})
    for table in tmp_path.glob("*/texts.csv"):
        table.unlink()
    with pytest.raises(InputError, match="racing=true needs validation sentences"):
        look(tmp_path, race, METRICS)


def test_look_is_the_same_when_it_is_taken_again(tmp_path: Path) -> None:
    race = field(tmp_path, {"best": BEST, "near": NEAR, "bad": BAD}, guards={"wer": 0.05, "retention": 0.05})
    assert after_all_looks(tmp_path, race) == after_all_looks(tmp_path, race)
