"""What Whisper's decoder hears of a short clip, with and without computing all of the silence behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from metrics.judges.judge import Judges
from metrics.judges.whisper_attention import KeysAndValues, split_heads
from metrics.judges.whisper_judge import WhisperJudge
from metrics.judges.window_encoder import WindowEncoder
from metrics.metric import Utterance


@pytest.fixture(scope="module")
def whisper_model() -> Any:
    """Whisper's architecture, narrow and untrained."""
    from whisper.model import ModelDimensions, Whisper

    torch.manual_seed(0)
    return Whisper(ModelDimensions(80, 1500, 16, 2, 2, 51_864, 448, 16, 2, 2)).eval()


def noise(samples: int) -> np.ndarray:
    return np.random.default_rng(samples).normal(0, 0.1, samples).astype(np.float32)


def whispers_own(model: Any, wave: np.ndarray) -> list[KeysAndValues]:
    import whisper

    mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(torch.from_numpy(wave)))
    with torch.inference_mode():
        features = model.encoder(mel[None])
        attentions = [block.cross_attn for block in model.decoder.blocks]
        return [(split_heads(a.key(features), a), split_heads(a.value(features), a)) for a in attentions]


def relative_error(ours: Sequence[KeysAndValues], theirs: Sequence[KeysAndValues], places: slice) -> float:
    def stacked(heard: Sequence[KeysAndValues]) -> Tensor:
        return torch.stack([one[:, :, places] for pair in heard for one in pair])

    return float((stacked(ours) - stacked(theirs)).norm() / stacked(theirs).norm())


@pytest.mark.parametrize("samples", [1, 1600, 40_123, 470_000, 478_000, 479_900, 480_000])
def test_what_is_heard_is_whispers_own_when_every_position_is_computed(whisper_model: Any, samples: int) -> None:
    ours, theirs = WindowEncoder(whisper_model, stride=1)(noise(samples)), whispers_own(whisper_model, noise(samples))
    for pair, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(pair, other, atol=1e-5, rtol=1e-5)


def test_what_is_heard_of_a_clip_stays_near_when_few_positions_of_silence_are_computed(
    judges: Judges, speech: list[Utterance]
) -> None:
    model, wave = judges.get(WhisperJudge, "tiny.en").model, speech[0].wave_16k
    theirs, own = whispers_own(model, wave), wave.size // 320
    silence = whispers_own(model, np.zeros(1600, dtype=np.float32))
    errors = [relative_error(WindowEncoder(model, stride)(wave), theirs, slice(0, own)) for stride in (64, 16, 4)]
    assert errors == sorted(errors, reverse=True)
    assert errors[1] < 0.01
    behind = relative_error(WindowEncoder(model)(wave), theirs, slice(own, None))
    assert behind < 0.5 * relative_error(silence, theirs, slice(own, None))


@pytest.mark.parametrize("gain_db", [-60, -30, 0])
def test_silence_is_that_behind_a_clip_as_loud_when_clips_differ_in_level(
    judges: Judges, speech: list[Utterance], gain_db: int
) -> None:
    model, wave = judges.get(WhisperJudge, "tiny.en").model, speech[1].wave_16k * 10 ** (gain_db / 20)
    theirs, own = whispers_own(model, wave), slice(0, wave.size // 320)
    assert relative_error(WindowEncoder(model)(wave), theirs, own) < 0.01


def test_nothing_is_left_out_when_a_clip_fills_the_window(judges: Judges) -> None:
    model = judges.get(WhisperJudge, "tiny.en").model
    assert relative_error(WindowEncoder(model)(noise(480_000)), whispers_own(model, noise(480_000)), slice(None)) < 1e-5
