from __future__ import annotations

import math

import pytest

from strategies.stop.no_stop import NoStop
from strategies.stop.patience import Patience
from vits.common.errors import InputError


@pytest.mark.parametrize(
    ("merits", "stops_at"),
    [
        ([0.1, 0.2, 0.3, 0.4], None),  # ever better
        ([0.1, 0.5, 0.4, 0.45, 0.9], 3),  # two in a row below the second
        ([0.1, 0.5, 0.4, 0.6, 0.5, 0.55], 5),  # the third is better than the first two, and the last two aren't
        ([0.5, 0.5, 0.5], 2),  # no better is not better
        ([0.5, 0.4], None),  # not yet two
        ([0.5], None),
        ([], None),
        ([0.5, -math.inf, -math.inf, 0.6], None),  # nothing is known of what couldn't be judged
        ([-math.inf, 0.5, 0.4, -math.inf, 0.3], 4),
    ],
)
def test_training_stops_after_two_stages_without_gain(merits: list[float], stops_at: int | None) -> None:
    steps = [0, 25, 50, 100, 200, 400]
    over = [Patience().is_over(dict(zip(steps, merits[: n + 1], strict=False))) for n in range(len(merits))]
    assert (over.index(True) if True in over else None) == stops_at
    assert not any(NoStop().is_over(dict(zip(steps, merits[: n + 1], strict=False))) for n in range(len(merits)))


def test_stages_are_in_the_order_of_steps_whatever_the_order_they_are_told_in() -> None:
    assert not Patience(1).is_over({50: 0.6, 0: 0.5})
    assert Patience(1).is_over({50: 0.5, 0: 0.6})


@pytest.mark.parametrize(("gain", "over"), [(0.0, False), (0.05, False), (0.2, True)])
def test_small_gains_are_none_when_more_is_wanted(gain: float, over: bool) -> None:
    assert Patience(1, gain).is_over({0: 0.5, 25: 0.6}) == over


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"evaluations": 0}, "stop.evaluations=0 must be a whole number of at least 1"),
        ({"evaluations": 1001}, "stop.evaluations=1001 must be a whole number of at least 1 and of at most 1000"),
        ({"gain": -0.1}, "stop.gain=-0.1 must be a finite number of at least 0"),
        ({"gain": math.nan}, "stop.gain=nan must be a finite number of at least 0"),
    ],
)
def test_settings_are_refused_when_out_of_range(settings: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Patience(**settings)  # pyright: ignore[reportArgumentType]
