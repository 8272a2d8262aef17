"""Planted curves: what doubling brings lies within the interval as often as promised."""

from __future__ import annotations

import math

import numpy as np
import pytest

from metrics.statistics.saturation import outlook
from vits.common.errors import InputError

STEPS = np.array([0.0, 25, 50, 100, 200])


def curves(pace: float, *, noise: float, repeats: int, rng: np.random.Generator) -> np.ndarray:
    """From 0.2 towards 0.7; each repeat has a level of its own, and every value its chance."""
    own = 0.05 * rng.standard_normal((repeats, 1))
    return 0.7 - 0.5 * np.exp(-STEPS / pace) + own + noise * rng.standard_normal((repeats, STEPS.size))


def gain_of(pace: float) -> float:
    return 0.5 * (math.exp(-200 / pace) - math.exp(-400 / pace))


@pytest.mark.parametrize("pace", [20.0, 80.0, 300.0])
def test_gain_of_doubling_is_found_when_the_curve_has_no_noise(pace: float) -> None:
    found = outlook(STEPS, curves(pace, noise=1e-5, repeats=5, rng=np.random.default_rng(0)))
    assert found.gain == pytest.approx(gain_of(pace), abs=0.004)
    assert found.lower - 1e-3 <= gain_of(pace) <= found.upper + 1e-3


@pytest.mark.parametrize("pace", [40.0, 120.0, 400.0])
def test_interval_holds_as_often_as_promised_when_values_have_noise(pace: float) -> None:
    rng, missed, n = np.random.default_rng(1), 0, 100
    for _ in range(n):
        found = outlook(STEPS, curves(pace, noise=0.02, repeats=5, rng=rng))
        missed += not found.lower <= gain_of(pace) <= found.upper
    assert missed <= 11  # 5 % of 100 are 5; more than 11 has a chance of 0.4 %


def test_rise_is_sure_or_over_or_unknown_when_asked() -> None:
    rng = np.random.default_rng(2)
    steep = outlook(STEPS, curves(300.0, noise=0.003, repeats=8, rng=rng))
    flat = outlook(STEPS, curves(20.0, noise=0.003, repeats=8, rng=rng))
    vague = outlook(STEPS, curves(200.0, noise=0.1, repeats=3, rng=rng))
    assert steep.rises(0.02, higher_is_better=True) is True
    assert steep.rises(0.02, higher_is_better=False) is False
    assert flat.rises(0.02, higher_is_better=True) is False
    assert vague.rises(0.02, higher_is_better=True) is None


def test_nothing_is_foretold_when_stages_or_repeats_are_too_few() -> None:
    values = curves(80.0, noise=0.01, repeats=5, rng=np.random.default_rng(0))
    assert not outlook(STEPS[:3], values[:, :3]).is_known
    assert not outlook(STEPS, values[:1]).is_known
    assert outlook(STEPS[:3], values[:, :3]).rises(0.02, higher_is_better=True) is None


def test_curves_are_refused_when_steps_do_not_rise() -> None:
    with pytest.raises(InputError, match="are no curves"):
        outlook(np.array([0.0, 25, 25, 50, 100]), np.zeros((3, 5)))
