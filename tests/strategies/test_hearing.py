"""Base speakers and new voices as the same encoders hear them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from strategies.context import AdaptationContext, BaseSpeakers, Enrolment
from strategies.hearing import Hearing, teachers_of
from vits.common.errors import InputError
from vits.corpus.features import PreparedUtterance

Hear = Callable[[str, Sequence[PreparedUtterance]], Tensor]


@pytest.fixture
def context(
    miniature_speakers: BaseSpeakers,
    new_context: Callable[..., AdaptationContext],
    utterances: list[PreparedUtterance],
    hear_spectra: Hear,
) -> AdaptationContext:
    return replace(new_context(miniature_speakers, texts=utterances), hear=hear_spectra)


@pytest.fixture
def new(utterances: list[PreparedUtterance]) -> Enrolment:
    return Enrolment(torch.eye(3)[1:2], "new", utterances[:2])


def test_base_speakers_are_heard_in_what_the_base_says_as_them(context: AdaptationContext, hear_spectra: Hear) -> None:
    spoken: list[PreparedUtterance] = []

    def hear(encoder: str, recordings: Sequence[PreparedUtterance]) -> Tensor:
        spoken.extend(recordings)
        return hear_spectra(encoder, recordings)

    hearing = Hearing(replace(context, hear=hear), "ge2e", 2, "ridge")
    assert not spoken, "nobody has asked for it"
    prints = hearing.base(("ge2e",))
    assert [item.clip.speaker for item in spoken] == ["anna", "anna", "bert", "bert", "dora", "dora"]
    assert [item.clip.text for item in spoken] == ["text 20", "text 33"] * 3
    by_hand = [normalize(hear_spectra("ge2e", spoken[at : at + 2]).mean(0), dim=0) for at in (0, 2, 4)]
    torch.testing.assert_close(prints, torch.stack(by_hand))
    hearing.base(("ge2e",))
    assert len(spoken) == 6, "heard once"


def test_recorded_voiceprints_are_taken_when_ecapa_hears_alone(context: AdaptationContext, new: Enrolment) -> None:
    hearing = Hearing(replace(context, texts=()), "ecapa", 2, "ridge")
    hearing.check(replace(new, recordings=()))
    assert torch.equal(hearing.base(("ecapa",)), context.base_speakers.voiceprints)
    assert torch.equal(hearing.new(("ecapa",), new), new.mean_voiceprint)


def test_product_is_the_mean_of_two_when_both_hear(context: AdaptationContext, new: Enrolment) -> None:
    hearing = Hearing(context, "both", 1, "ridge")
    (way,) = hearing.ways
    of_each = [hearing.base((encoder,)) @ hearing.new((encoder,), new) for encoder in ("ecapa", "ge2e")]
    torch.testing.assert_close(hearing.base(way) @ hearing.new(way, new), torch.stack(of_each).mean(0))
    assert Hearing(context, "chosen", 1, "ridge").ways == (("ecapa",), ("ge2e",), ("ecapa", "ge2e"))


@pytest.mark.parametrize(
    ("encoder", "teachers"),
    [
        ("ecapa", ("ecapa-voxceleb",)),
        ("ge2e", ("ge2e",)),
        ("both", ("ecapa-voxceleb", "ge2e")),
        ("chosen", ("ecapa-voxceleb", "ge2e")),
    ],
)
def test_every_encoder_that_is_asked_is_a_teacher(encoder: str, teachers: tuple[str, ...]) -> None:
    assert teachers_of(encoder) == teachers


def test_hearing_is_refused_when_there_is_nothing_to_hear(context: AdaptationContext, new: Enrolment) -> None:
    with pytest.raises(InputError, match="strategy=ridge listens to recordings, but of speaker 'new' only a"):
        Hearing(context, "ge2e", 2, "ridge").check(replace(new, recordings=()))
    with pytest.raises(InputError, match=r"say training sentences, but there are none; use strategy\.encoder=ecapa"):
        Hearing(replace(context, texts=()), "both", 2, "ridge").base(("ge2e",))
    silent = replace(context.base_speakers, voiceprints=torch.zeros(3, 0))
    with pytest.raises(InputError, match="compares voices, but the base brings no voiceprints"):
        Hearing(replace(context, base_speakers=silent), "ecapa", 2, "ridge")
