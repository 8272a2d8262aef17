"""Mel-cepstral distortion by hand and on real speech."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from metrics.acoustics import COEFFICIENTS, mel_cepstra
from metrics.judges.judge import Judges
from metrics.mcd import MelCepstralDistortion, distortion_db
from metrics.metric import KnownVoices, Utterance

NOBODY = KnownVoices({})


@pytest.fixture
def mcd(judges: Judges):
    scorer = MelCepstralDistortion().prepare(NOBODY, judges)
    return lambda utterance: scorer([utterance])[0].values["mcd"]


def test_distortion_is_that_by_hand() -> None:
    ours, theirs = np.zeros((3, COEFFICIENTS)), np.zeros((3, COEFFICIENTS))
    ours[1, 0] = 1.0
    ours[2] = 0.5
    expected = [0, 10 / math.log(10) * math.sqrt(2), 10 / math.log(10) * math.sqrt(2 * 13 * 0.25)]
    np.testing.assert_allclose(distortion_db(ours, theirs), expected)


def test_distortion_is_the_root_mean_square_of_the_log_spectra() -> None:
    mel = (np.arange(80) + 0.5) / 80 * np.pi
    spectrum_db = 6 * np.cos(mel) - 3 * np.cos(4 * mel)
    coefficients = np.zeros((1, COEFFICIENTS))
    coefficients[0, [0, 3]] = np.array([6, -3]) / (20 / np.log(10))  # dB of amplitude in nepers
    expected = math.sqrt((spectrum_db**2).mean())
    assert distortion_db(coefficients, np.zeros((1, COEFFICIENTS)))[0] == pytest.approx(expected)


def test_distortion_is_zero_when_it_is_the_recording_at_another_level(mcd, speech: list[Utterance]) -> None:
    assert mcd(speech[0]) == 0
    assert mcd(replace(speech[0], wave=speech[0].wave * 0.5)) == pytest.approx(0, abs=1e-3)


def test_distortion_grows_with_noise_and_from_the_same_to_another_sentence(mcd, speech: list[Utterance]) -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, speech[0].wave.size).astype(np.float32)
    little, much = (mcd(replace(speech[0], wave=speech[0].wave + scale * noise)) for scale in (0.1, 1.0))
    other = mcd(replace(speech[0], wave=speech[4].wave))
    assert 0 < little < much < other
    assert 5 < other < 15


def test_distortion_is_nan_when_there_is_no_recording_or_no_sound(mcd, speech: list[Utterance]) -> None:
    assert math.isnan(mcd(replace(speech[0], recording=None)))
    assert math.isnan(mcd(replace(speech[0], wave=np.zeros(22_050, dtype=np.float32))))


def test_cepstra_have_one_row_for_each_hundredth_of_a_second(speech: list[Utterance]) -> None:
    wave = speech[0].wave_16k
    assert mel_cepstra(wave).shape == (1 + wave.size // 160, COEFFICIENTS)
