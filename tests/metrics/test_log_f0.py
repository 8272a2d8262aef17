"""The melody: known tones, tracks by hand, real speech."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from metrics.judges.judge import Judges
from metrics.log_f0 import LogF0, compare, f0_hz
from metrics.metric import KnownVoices, Utterance
from vits.common.errors import InputError

NAN = math.nan
NAMES = ("log_f0", "log_f0_correlation", "log_f0_voicing_error")


def values(spoken: list[float], recorded: list[float]) -> list[float]:
    score = compare(np.array(spoken, dtype=float), np.array(recorded, dtype=float))
    return [score.values[name] for name in NAMES]


def test_values_are_those_by_hand() -> None:
    up = 2 ** (1 / 12)  # a semitone
    assert values([100, 200, NAN, NAN], [100, 200, NAN, NAN]) == [0, pytest.approx(1), 0]
    assert values([100 * up, 200 * up], [100, 200]) == [pytest.approx(1), pytest.approx(1), 0]
    assert values([200, 100], [100, 200]) == [pytest.approx(12), pytest.approx(-1), 0]
    assert values([100, 200, NAN, 150], [100, 200, 150, NAN])[2] == 0.5


def test_melody_is_undefined_when_hardly_anything_is_voiced_or_moves() -> None:
    np.testing.assert_array_equal(values([100, NAN, NAN], [100, 200, NAN]), [NAN, NAN, 1 / 3])
    np.testing.assert_array_equal(values([100, 100], [100, 200])[1], NAN)


@pytest.mark.parametrize("hz", [80.0, 200.0, 400.0])
def test_pitch_of_a_tone_is_found(hz: float) -> None:
    seconds = np.arange(16_000) / 16_000
    track = f0_hz(np.sign(np.sin(2 * np.pi * hz * seconds)).astype(np.float32), 65.0, 500.0)
    assert np.nanmedian(track) == pytest.approx(hz, rel=2 ** (0.2 / 12) - 1)
    assert np.isnan(track).mean() < 0.1


def test_pitch_is_undefined_when_there_is_only_noise() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    assert np.isnan(f0_hz(noise, 65.0, 500.0)).mean() > 0.9


def test_melody_is_nearer_to_the_same_than_to_another_speaker(judges: Judges, speech: list[Utterance]) -> None:
    scorer = LogF0().prepare(KnownVoices({}), judges)
    same, other, silent, alone = scorer(
        [
            speech[0],
            replace(speech[0], wave=speech[3].wave),
            replace(speech[0], wave=np.zeros(22_050, dtype=np.float32)),
            replace(speech[0], recording=None),
        ]
    )
    assert [same.values[name] for name in NAMES] == [0, pytest.approx(1), 0]
    assert other.values["log_f0"] > 1
    assert other.values["log_f0_correlation"] < 0.95
    assert 0 < other.values["log_f0_voicing_error"] < 1
    for undefined in (silent, alone):
        assert all(math.isnan(value) for value in undefined.values.values())


def test_range_is_refused_when_it_is_upside_down_or_too_low() -> None:
    for lowest, highest in ((500.0, 65.0), (10.0, 500.0), (65.0, 8_000.0)):
        with pytest.raises(InputError, match="give a lowest_hz above"):
            LogF0(lowest, highest)
