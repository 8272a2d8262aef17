"""Utterances and what all metrics share."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from metrics.metric import KnownVoices, Score, Utterance, mean_of_defined, score_sound
from metrics.secs import Secs
from metrics.wer import WordErrorRate
from vits.common.errors import InputError


def utterance(wave: np.ndarray, sample_rate: int = 16_000) -> Utterance:
    return Utterance("one", "anna", "Hello.", wave, sample_rate)


def test_utterance_is_refused_when_the_rate_is_not_positive() -> None:
    with pytest.raises(InputError, match=r"sample_rate=0 .* must be positive"):
        utterance(np.zeros(100, dtype=np.float32), sample_rate=0)


def test_resampling_keeps_a_tone_and_is_done_once_when_asked_twice() -> None:
    seconds = np.arange(22_050) / 22_050
    tone = utterance(np.sin(2 * np.pi * 440 * seconds).astype(np.float32), 22_050)
    resampled = tone.wave_16k
    assert resampled.shape == (16_000,)
    assert resampled is tone.wave_16k
    expected = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    np.testing.assert_allclose(resampled[500:-500], expected[500:-500], atol=1e-3)


@pytest.mark.parametrize(
    "wave", [np.zeros(0), np.zeros(16_000), np.ones(1_599), np.full(16_000, np.nan), np.full(16_000, np.inf)]
)
def test_nothing_is_sound_when_silent_short_or_not_finite(wave: np.ndarray) -> None:
    assert not utterance(wave.astype(np.float32)).is_sound


def test_score_sound_keeps_the_order_when_some_are_silent() -> None:
    silent, loud = utterance(np.zeros(16_000, dtype=np.float32)), utterance(np.ones(16_000, dtype=np.float32))
    scores = score_sound([silent, loud, silent], lambda batch: [Score({"x": 1.0})] * len(batch), Score({"x": math.nan}))
    assert [math.isnan(score.values["x"]) for score in scores] == [True, False, True]


def test_recording_takes_the_place_of_the_wave_when_judged_as_recorded(speech: list[Utterance]) -> None:
    recorded = speech[0].as_recorded()
    assert recorded.wave is speech[0].recording
    with pytest.raises(InputError, match="has no recording"):
        utterance(np.ones(16_000, dtype=np.float32)).as_recorded()


def test_digest_differs_when_audio_text_or_rate_do() -> None:
    ones = np.ones(16_000, dtype=np.float32)
    other_text = Utterance("one", "anna", "Goodbye.", ones, 16_000)
    digests = {
        utterance(ones).digest,
        utterance(ones * 0.5).digest,
        utterance(ones, 8_000).digest,
        other_text.digest,
    }
    assert len(digests) == 4
    assert utterance(ones).digest == utterance(ones.copy()).digest


def test_mean_of_defined_leaves_nan_out_when_there_are_others() -> None:
    assert mean_of_defined([1.0, math.nan, 3.0]) == 2.0
    assert math.isnan(mean_of_defined([math.nan]))
    assert math.isnan(mean_of_defined([]))


def test_identity_tells_metrics_and_weights_apart() -> None:
    assert Secs().identity != WordErrorRate().identity
    assert Secs().weights[0].sha256 in Secs().identity


def test_mean_is_weighted_when_there_are_weights() -> None:
    assert mean_of_defined([1.0, math.nan, 4.0], [2.0, 9.0, 1.0]) == 2.0
    assert math.isnan(mean_of_defined([1.0], [0.0]))


def test_digest_of_known_voices_differs_when_any_of_them_does() -> None:
    clip = utterance(np.ones(16_000, dtype=np.float32))
    base = {"p1": torch.eye(192)[0]}
    digests = {
        known.digest
        for known in (
            KnownVoices({}),
            KnownVoices({"anna": [clip]}),
            KnownVoices({"bo": [clip]}),
            KnownVoices({"anna": [clip, clip]}),
            KnownVoices({"anna": [clip]}, base),
            KnownVoices({"anna": [clip]}, {"p1": torch.eye(192)[1]}),
            KnownVoices({"anna": [clip]}, {"p2": torch.eye(192)[0]}),
            KnownVoices({"anna": [clip]}, base, {"anna": "p1"}),
        )
    }
    assert len(digests) == 8
    assert KnownVoices({"anna": [clip]}, base).digest == KnownVoices({"anna": [clip]}, dict(base)).digest
