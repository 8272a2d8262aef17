"""Tests hold at once where every set of them is refuted."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.statistics.closed_tests import closed_level

ALPHA = 0.05
P_VALUES = st.lists(st.floats(0.0, 0.12), min_size=1, max_size=6)


def by_every_set(p: list[float]) -> list[bool]:
    """Which tests hold: those of which each set that they are in has p values below Simes' line."""
    sets = [set(chosen) for size in range(1, len(p) + 1) for chosen in combinations(range(len(p)), size)]
    refuted = {
        frozenset(chosen): any(
            value <= ALPHA * rank / len(chosen) for rank, value in enumerate(sorted(p[i] for i in chosen), start=1)
        )
        for chosen in sets
    }
    return [all(refuted[frozenset(chosen)] for chosen in sets if place in chosen) for place in range(len(p))]


@given(P_VALUES)
def test_those_hold_of_which_every_set_is_refuted(p: list[float]) -> None:
    level = closed_level(np.array(p), ALPHA)
    assert [value <= level for value in p] == by_every_set(p)


@pytest.mark.parametrize(
    ("p", "level"),
    [((0.05, 0.05, 0.05), ALPHA), ((0.9, 0.03, 0.03), ALPHA / 2), ((0.9, 0.8, 0.02), ALPHA / 3), ((0.06,), ALPHA)],
)
def test_level_is_shared_by_those_that_may_be_true(p: tuple[float, ...], level: float) -> None:
    assert closed_level(np.array(p), ALPHA) == pytest.approx(level)
