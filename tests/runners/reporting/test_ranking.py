from __future__ import annotations

from itertools import combinations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.secs import Secs
from runners.reporting.ranking import Ranking, group_letters, rank
from runners.reporting.settings import ReportSettings

SYSTEMS = tuple("ABCDEFG")
PAIRS = list(combinations(SYSTEMS, 2))


def rows(offsets: dict[str, float]) -> pd.DataFrame:
    """SECS of four speakers with five sentences each; every system is as far from the others as its offset says."""
    return pd.DataFrame(
        [
            (system, 0, str(speaker), str(n), "secs", 0.3 + offset + 0.01 * speaker + 0.003 * ((n + place) % 3))
            for place, (system, offset) in enumerate(offsets.items())
            for speaker in range(4)
            for n in range(5)
        ],
        columns=pd.Index(["system", "seed", "speaker", "utterance", "metric", "value"]),
    )


def ranking(offsets: dict[str, float]) -> Ranking:
    return rank(rows(offsets), Secs(), ReportSettings(resamples=200))


@given(different=st.sets(st.sampled_from(PAIRS)))
def test_systems_share_a_letter_exactly_when_they_are_not_told_apart(different: set[tuple[str, str]]) -> None:
    letters = group_letters(SYSTEMS, different)
    for one, other in PAIRS:
        assert bool(set(letters[one]) & set(letters[other])) == ((one, other) not in different)


def test_letters_follow_the_order_when_neighbours_overlap() -> None:
    assert group_letters(["x", "y", "z"], [("x", "z")]) == {"x": "a", "y": "ab", "z": "b"}
    assert group_letters(["x", "y", "z"], []) == {"x": "a", "y": "a", "z": "a"}
    assert group_letters(["x", "y"], [("y", "x")]) == {"x": "a", "y": "b"}


def test_best_mean_is_first_when_higher_is_better() -> None:
    found = ranking({"low": 0.0, "high": 0.3, "middle": 0.1})
    assert [estimate.system for estimate in found.estimates] == ["high", "middle", "low"]
    assert found.leaders == ("high",)
    assert set(found.beaten_by("high")) == {"middle", "low"}
    assert found.letters == {"high": "a", "middle": "b", "low": "c"}


def test_all_lead_when_nothing_can_be_told_apart() -> None:
    found = ranking({"one": 0.0, "two": 0.0, "three": 0.0})
    assert set(found.leaders) == {"one", "two", "three"}
    assert found.told_apart == ()


def test_unscored_system_comes_last_when_all_its_values_are_undefined() -> None:
    found = ranking({"one": 0.0, "two": 0.2, "none": float("nan")})
    assert [estimate.system for estimate in found.estimates] == ["two", "one", "none"]
    assert "none" not in found.leaders
    assert found.estimate("none").n_undefined == 20
    assert found.estimate("absent").n_utterances == 0


@pytest.mark.parametrize("number", [0, 25, 26, 60])
def test_letters_stay_different_when_the_alphabet_ends(number: int) -> None:
    systems = [f"s{place:02}" for place in range(number + 1)]
    letters = group_letters(systems, combinations(systems, 2))
    assert len(set(letters.values())) == number + 1
