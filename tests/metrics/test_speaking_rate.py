"""Speaking rate against known stretches."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import soxr

from metrics.judges.judge import Judges
from metrics.metric import KnownVoices, Utterance
from metrics.speaking_rate import SpeakingRate

NOBODY = KnownVoices({})


@pytest.mark.parametrize("speed", [0.8, 1.0, 1.25])
def test_ratio_is_the_speed_when_the_recording_is_played_faster(
    judges: Judges, speech: list[Utterance], speed: float
) -> None:
    wave = soxr.resample(speech[0].wave, 22_050 * speed, 22_050).astype(np.float32)
    (score,) = SpeakingRate().prepare(NOBODY, judges)([replace(speech[0], wave=wave)])
    assert score.values["speaking_rate_ratio"] == pytest.approx(speed, rel=0.02)
    assert score.values["speaking_rate"] == pytest.approx(abs(math.log(speed)), abs=0.02)


def test_silence_around_the_sentence_does_not_count(judges: Judges, speech: list[Utterance]) -> None:
    padded = np.pad(speech[0].wave, 22_050)
    (score,) = SpeakingRate().prepare(NOBODY, judges)([replace(speech[0], wave=padded)])
    assert score.values["speaking_rate"] == pytest.approx(0, abs=0.02)


def test_rate_is_nan_when_there_is_no_recording_or_no_sound(judges: Judges, speech: list[Utterance]) -> None:
    lacking = [replace(speech[0], recording=None), replace(speech[0], wave=np.zeros(0, dtype=np.float32))]
    for score in SpeakingRate().prepare(NOBODY, judges)(lacking):
        assert all(math.isnan(value) for value in score.values.values())
