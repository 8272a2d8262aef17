"""What utterance and recording are compared by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from metrics.acoustics import mel_cepstra, pair_of, trimmed, warped
from metrics.metric import Utterance


def tone(seconds: float, hz: float = 200.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(16_000 * seconds)) / 16_000)).astype(np.float32)


def test_silence_around_speech_is_cut_off() -> None:
    padded = np.concatenate([np.zeros(8_000, np.float32), tone(1.0), np.zeros(4_000, np.float32)])
    assert trimmed(padded).size == pytest.approx(16_000, abs=2 * 400)


def test_there_is_no_pair_when_one_of_the_two_is_missing(speech: list[Utterance]) -> None:
    silence = np.zeros(22_050, dtype=np.float32)
    click = silence.copy()
    click[-1] = 1
    assert pair_of(speech[0]) is not None
    for lacking in (
        replace(speech[0], recording=None),
        replace(speech[0], wave=silence),
        replace(speech[0], recording=silence),
        replace(speech[0], wave=click),
    ):
        assert pair_of(lacking) is None


def test_cepstra_do_not_depend_on_the_level() -> None:
    clip = tone(0.5) + 0.1 * tone(0.5, 1_300.0)
    np.testing.assert_allclose(mel_cepstra(clip), mel_cepstra(clip * 0.25), atol=1e-5)


def test_path_follows_when_one_is_twice_as_slow() -> None:
    features = np.arange(10.0)[:, None]
    ours, theirs = warped(np.repeat(features, 2, axis=0), features)
    np.testing.assert_array_equal(ours // 2, theirs)
    assert (ours[0], theirs[0], ours[-1], theirs[-1]) == (0, 0, 19, 9)
