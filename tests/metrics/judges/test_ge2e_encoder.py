"""The second judge of voices."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from metrics.judges.ge2e_encoder import STEP, Ge2eEncoder, raised, window_starts
from metrics.judges.judge import Judges
from metrics.metric import Utterance


@pytest.fixture(scope="session")
def encoder(judges: Judges) -> Ge2eEncoder:
    return judges.get(Ge2eEncoder, "resemblyzer")


def test_cosines_are_those_of_the_published_implementation(encoder: Ge2eEncoder, speech: list[Utterance]) -> None:
    voiceprints = encoder([utterance.wave_16k for utterance in speech])
    # by the package the weights come from, given the same windows (its rate=1.25)
    published = torch.tensor([1.0, 0.8219, 0.8662, 0.5272, 0.5275, 0.5433])
    torch.testing.assert_close(voiceprints[0] @ voiceprints.T, published, atol=2e-4, rtol=0)
    torch.testing.assert_close(voiceprints.norm(dim=1), torch.ones(6))


def test_voiceprint_is_bit_identical_when_others_are_heard_too(encoder: Ge2eEncoder, speech: list[Utterance]) -> None:
    waves = [utterance.wave_16k for utterance in speech[:3]]
    together = encoder.embed(waves)
    alone = torch.cat([encoder.embed([wave]) for wave in waves])
    assert torch.equal(together, alone)


@pytest.mark.parametrize(
    ("seconds", "starts"),
    [(0.2, [0]), (1.6, [0]), (1.99, [0]), (2.0, [0, STEP]), (2.79, [0, STEP]), (2.8, [0, STEP, 2 * STEP])],
)
def test_last_window_is_kept_when_three_quarters_of_it_are_speech(seconds: float, starts: list[int]) -> None:
    assert window_starts(round(seconds * 16_000)) == starts


def test_quiet_clips_are_raised_and_loud_ones_left() -> None:
    tone = np.sin(np.arange(16_000) * 0.1).astype(np.float32)
    rms = float(np.sqrt(np.mean(raised(tone * 1e-3) ** 2)))
    assert 20 * np.log10(rms) == pytest.approx(-30, abs=1e-3)
    assert raised(tone) is tone


def test_nothing_comes_back_when_nothing_is_given(encoder: Ge2eEncoder) -> None:
    assert encoder([]).shape == (0, 256)


def test_audio_that_is_trained_is_heard_as_a_clip_is(encoder: Ge2eEncoder, speech: list[Utterance]) -> None:
    clip = speech[0].wave_16k[:25_600]
    audio = torch.from_numpy(clip.copy()).unsqueeze(0).requires_grad_()
    heard = encoder.listen(audio)
    torch.testing.assert_close(heard.detach(), encoder.embed([clip]), atol=1e-4, rtol=0)
    other = encoder.embed([speech[-1].wave_16k])
    cosine = (heard * other).sum()
    (gradient,) = torch.autograd.grad(cosine, audio)
    step = 1e-3 * gradient / gradient.norm()
    moved = float((encoder.listen(audio.detach() + step) * other).sum() - cosine.detach())
    assert moved == pytest.approx(float((step * gradient).sum()), rel=0.2)
