from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from miniature_passes import passed
from torch import Tensor
from torch.nn.functional import normalize

from strategies.context import AdaptationContext, BaseSpeakers, Enrolment
from strategies.penalties.speaker_consistency import SpeakerConsistency, resampled
from vits.batch_rows import BatchRows
from vits.common.errors import InputError
from vits.corpus.batching import Batch, collate
from vits.corpus.features import PreparedUtterance
from vits.synthesizer import Synthesizer

NewContext = Callable[..., AdaptationContext]
NEW = ("ada", "bob")


def spectral(waves: Tensor) -> Tensor:
    """A voiceprint that can be computed by hand: the low end of the spectrum."""
    return normalize(torch.fft.rfft(waves).abs()[:, :6], dim=1)


@pytest.fixture
def context(
    miniature: Synthesizer,
    miniature_speakers: BaseSpeakers,
    new_context: NewContext,
    utterances: list[PreparedUtterance],
) -> AdaptationContext:
    """Two new voices behind four of the base, with three recordings each, heard by their spectra."""
    enrolments = {name: Enrolment(torch.eye(3), name, utterances[place::2]) for place, name in enumerate(NEW)}
    for _ in NEW:
        miniature.speaker_embedding.add(torch.zeros(8))
    plain = new_context(miniature_speakers, enrolments=enrolments)
    return replace(
        plain,
        hear=lambda encoder, recordings: torch.cat([spectral(one.wave[:4096].unsqueeze(0)) for one in recordings]),
        listener=lambda encoder: spectral,
    )


def test_value_is_the_formulas_and_leads_into_the_decoder(
    context: AdaptationContext, miniature: Synthesizer, utterances: list[PreparedUtterance]
) -> None:
    batch = collate(utterances, {"new": 5, "other": 4})
    terms = SpeakerConsistency(weight=3.0).prepare(context)
    made = passed(miniature, batch, segment_frames=16)
    term = terms(miniature, batch, made)["speaker_consistency"]
    rate = context.spec.analysis().sample_rate
    heard = spectral(resampled(made.decoded.audio.squeeze(1), rate))
    wanted = [normalize(context.hear("", context.enrolments[name].recordings).mean(0), dim=0) for name in NEW]
    cosines = [(one @ wanted[int(speaker) - 4]).item() for one, speaker in zip(heard, batch.speaker, strict=True)]
    assert term.item() == pytest.approx(3.0 * (1 - np.mean(cosines)), rel=1e-4)
    term.backward()
    assert any(p.grad is not None and p.grad.abs().max() > 0 for p in miniature.decoder.parameters())


def test_base_voices_that_are_rehearsed_count_nothing(
    context: AdaptationContext, miniature: Synthesizer, utterances: list[PreparedUtterance]
) -> None:
    terms = SpeakerConsistency().prepare(context)
    old = collate(utterances, {"new": 1, "other": 0})
    assert terms(miniature, old, passed(miniature, old, segment_frames=16))["speaker_consistency"] == 0
    torch.manual_seed(0)
    mixed = collate(utterances, {"new": 4, "other": 0})
    made = passed(miniature, mixed, segment_frames=16)
    ours = mixed.speaker == 4
    alone = collate([utterance for utterance in utterances if utterance.clip.speaker == "new"], {"new": 4})
    only = made._replace(decoded=made.decoded._replace(audio=made.decoded.audio[ours]))
    torch.testing.assert_close(
        terms(miniature, mixed, made)["speaker_consistency"], terms(miniature, alone, only)["speaker_consistency"]
    )


@pytest.mark.parametrize("rate", [16000, 22050, 24000, 8000])
def test_resampled_tone_keeps_its_pitch_and_level(rate: int) -> None:
    seconds = 0.5
    tone = torch.sin(2 * torch.pi * 440 * torch.arange(int(rate * seconds)) / rate).unsqueeze(0)
    found = resampled(tone, rate)[0]
    expected = torch.sin(2 * torch.pi * 440 * torch.arange(int(16000 * seconds)) / 16000)
    assert found.shape == expected.shape
    assert (found - expected)[100:-100].abs().max() < 0.02


@pytest.mark.parametrize(("encoder", "teacher"), [("ge2e", "ge2e"), ("ecapa", "ecapa-voxceleb")])
def test_judge_is_named_as_the_teacher(encoder: str, teacher: str) -> None:
    assert SpeakerConsistency(encoder=encoder).teachers == (teacher,)


def test_penalty_is_refused_when_there_are_no_new_voices(
    miniature_speakers: BaseSpeakers, new_context: NewContext
) -> None:
    with pytest.raises(InputError, match="can change nothing without new voices"):
        SpeakerConsistency().prepare(new_context(miniature_speakers))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weight": 0.0}, r"penalty\.speaker_consistency\.weight=0\.0 must be a finite number above 0"),
        (
            {"encoder": "wavlm"},
            "encoder='wavlm' must be text that is one of ecapa, ge2e",
        ),
    ],
)
def test_settings_are_refused_when_nobody_listens(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SpeakerConsistency(**settings)  # pyright: ignore[reportArgumentType]


def test_parts_of_a_batch_add_up_to_its_value_when_one_has_only_base_voices(
    context: AdaptationContext, miniature: Synthesizer, utterances: list[PreparedUtterance]
) -> None:
    terms = SpeakerConsistency().prepare(context)
    batch = collate(utterances, {"new": 5, "other": 0})
    order = batch.speaker.argsort()
    batch = Batch(*(getattr(batch, column.name)[order] for column in fields(Batch)))
    old, size = int((batch.speaker == 0).sum()), len(batch)
    made = passed(miniature, batch, segment_frames=16)
    sums = 0.0
    for place in (BatchRows(0, old, size), BatchRows(old, old + 1, size), BatchRows(old + 1, size, size)):
        part = batch.part(place)
        audio = made.decoded._replace(audio=made.decoded.audio[place.rows])
        term = terms(miniature, part, made._replace(decoded=audio))["speaker_consistency"]
        sums += term.item() * len(part) / size
    assert sums == pytest.approx(terms(miniature, batch, made)["speaker_consistency"].item(), rel=1e-5)
