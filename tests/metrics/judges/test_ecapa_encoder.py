"""Voiceprints: who speaks decides them, and neither neighbours nor the process do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from metrics.judges import ecapa_encoder
from metrics.judges.ecapa_encoder import EcapaEncoder
from metrics.judges.judge import Judges
from metrics.judges.recorded_voiceprints import recorded_voiceprints
from metrics.judges.speaker_encoder import SpeakerEncoder, mean_voiceprint
from metrics.metric import EnrolmentRecordings, Utterance
from vits.common.errors import InputError


@pytest.fixture(scope="session")
def encoder(judges: Judges) -> EcapaEncoder:
    return judges.get(EcapaEncoder, "voxceleb")


def test_voiceprints_are_unit_vectors_and_tell_speakers_apart(encoder: EcapaEncoder, speech: list[Utterance]) -> None:
    voiceprints = encoder([utterance.wave_16k for utterance in speech])
    torch.testing.assert_close(voiceprints.norm(dim=-1), torch.ones(6))
    cosines = voiceprints @ voiceprints.T
    same = torch.block_diag(torch.ones(3, 3), torch.ones(3, 3)).bool()
    assert cosines[same].min() > 0.5 > 0.4 > cosines[~same].max()


def test_voiceprint_is_bit_identical_when_others_are_heard_too(encoder: EcapaEncoder, speech: list[Utterance]) -> None:
    waves = [utterance.wave_16k for utterance in speech[:3]]
    waves.append(waves[0][::-1].copy())  # of equal length, and would share a batch with the first
    together = encoder.embed(waves)
    alone = torch.cat([encoder.embed([wave]) for wave in waves])
    assert torch.equal(together, alone)


def test_voiceprint_is_that_of_float32_when_a_processor_multiplies_bfloat16(
    judges: Judges, speech: list[Utterance], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ecapa_encoder, "is_fast_in_bfloat16", lambda device: True)  # others emulate it
    encoder = EcapaEncoder.load("voxceleb", judges.cache_dir, torch.device("cpu"))
    waves = [utterance.wave_16k for utterance in speech]
    in_float32 = torch.cat([encoder.listen(torch.from_numpy(wave)[None]) for wave in waves])
    heard = encoder.embed(waves)
    assert not torch.equal(heard, in_float32)
    assert torch.sum(in_float32 * heard, dim=1).min() > 0.9999


def test_clip_is_refused_when_it_is_too_short_or_not_finite(encoder: EcapaEncoder) -> None:
    with pytest.raises(InputError, match=r"clip 1 is 0\.050 s long"):
        encoder([np.ones(16_000, dtype=np.float32), np.ones(800, dtype=np.float32)])
    with pytest.raises(InputError, match="not finite"):
        encoder([np.full(16_000, np.nan, dtype=np.float32)])


def test_mean_voiceprint_is_the_unit_direction_between_two() -> None:
    across, up = torch.eye(192)[0], torch.eye(192)[1]
    expected = (across + up) / 2**0.5
    torch.testing.assert_close(mean_voiceprint(torch.stack([across, up])), expected)
    with pytest.raises(InputError, match="at least one clip"):
        mean_voiceprint(torch.empty(0, 192))


def test_random_numbers_and_tf32_stay_as_they_are_when_a_judge_is_loaded(judges: Judges) -> None:
    before = torch.random.get_rng_state()
    tf32 = torch.backends.cuda.matmul.allow_tf32
    Judges(judges.cache_dir, judges.device).get(EcapaEncoder, "voxceleb")
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.backends.cuda.matmul.allow_tf32 == tf32 == False  # noqa: E712


def test_recorded_voiceprints_are_read_from_disk_when_known(
    judges_with_empty_cache: Judges, enrolment: EnrolmentRecordings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = recorded_voiceprints(enrolment["040"], judges_with_empty_cache)
    with monkeypatch.context() as patch:
        patch.delattr(SpeakerEncoder, "__call__")
        assert torch.equal(recorded_voiceprints(enrolment["040"], judges_with_empty_cache), first)
    (file,) = (judges_with_empty_cache.cache_dir / "voiceprints").iterdir()
    file.write_bytes(b"damaged")
    torch.testing.assert_close(recorded_voiceprints(enrolment["040"], judges_with_empty_cache), first)


def test_recording_is_refused_when_it_holds_no_sound(judges: Judges, tmp_path: Path) -> None:
    silent = Utterance("017", "040", "Hello.", np.zeros(16_000, dtype=np.float32), 16_000)
    with pytest.raises(InputError, match="recording '017' of speaker '040' holds no sound"):
        recorded_voiceprints([silent], judges)


def test_audio_that_is_trained_is_heard_as_a_clip_is(encoder: EcapaEncoder, speech: list[Utterance]) -> None:
    clip = speech[0].wave_16k[:25_600]
    audio = torch.from_numpy(clip.copy()).unsqueeze(0).requires_grad_()
    heard = encoder.listen(audio)
    assert float((heard.detach() * encoder.embed([clip])).sum()) > 0.9999
    other = encoder.embed([speech[-1].wave_16k])
    cosine = (heard * other).sum()
    (gradient,) = torch.autograd.grad(cosine, audio)
    step = 1e-3 * gradient / gradient.norm()
    moved = float((encoder.listen(audio.detach() + step) * other).sum() - cosine.detach())
    assert moved == pytest.approx(float((step * gradient).sum()), rel=0.2)
