from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch

from strategies.context import AdaptationContext, BaseSpeakers, Enrolment
from strategies.initialisers.likeliest import Likeliest
from strategies.own_losses import OwnLosses
from vits.bundle import Bundle, load_bundle
from vits.common.errors import InputError
from vits.corpus.clip import Clip
from vits.corpus.features import PreparedUtterance
from vits.spectrogram import MelSpectrogram
from vits.text.tokens import Tokenizer

NewContext = Callable[..., AdaptationContext]
DEMO_BASE = Path(__file__).parents[3] / "assets" / "demo_base"
PHONEMES = "wiː mˈiːt ɪnðə hˈɑːɹbɚ."
PLANTED = (0, 3, 11, 24)


@pytest.fixture(scope="module")
def demo_base() -> Bundle:
    return load_bundle(DEMO_BASE)


@pytest.fixture(scope="module")
def speakers(demo_base: Bundle) -> BaseSpeakers:
    """Four of the base's voices, of men and women."""
    embeddings = demo_base.synthesizer.speaker_embedding.weight.detach()[list(PLANTED)]
    names = tuple(demo_base.speakers[row].name for row in PLANTED)
    return BaseSpeakers(names, embeddings, torch.zeros(len(names), 0), PLANTED)


@pytest.fixture
def context(demo_base: Bundle, speakers: BaseSpeakers) -> AdaptationContext:
    return AdaptationContext(
        spec=demo_base.spec,
        base=demo_base.synthesizer,
        base_speakers=speakers,
        enrolments={},
        texts=(),
        hear=lambda encoder, recordings: torch.zeros(len(recordings), 0),
        generator=torch.Generator().manual_seed(0),
    )


def recorded(demo_base: Bundle, row: int) -> PreparedUtterance:
    """A sentence in a base voice, as if somebody new had recorded it."""
    tokens = Tokenizer()(PHONEMES)
    speech = demo_base.synthesizer.eval().infer(
        tokens.unsqueeze(0),
        torch.tensor([len(tokens)]),
        torch.tensor([row]),
        generator=torch.Generator().manual_seed(row),
    )
    wave = speech.audio[0, 0]
    spectrogram = demo_base.spec.spectrogram()(wave.unsqueeze(0)).squeeze(0)
    return PreparedUtterance(Clip(Path(), "new", "", "new/0"), tokens, wave, spectrogram)


def enrolled(recordings: Sequence[PreparedUtterance]) -> Enrolment:
    return Enrolment(torch.zeros(len(recordings), 0), "new", recordings)


def test_planted_row_is_found_when_base_voices_are_enrolled_as_new(
    demo_base: Bundle, speakers: BaseSpeakers, context: AdaptationContext
) -> None:
    before = {name: tensor.clone() for name, tensor in demo_base.synthesizer.state_dict().items()}
    default = torch.random.get_rng_state()
    initialise = Likeliest(recordings=1).prepare(context)
    for place, row in enumerate(PLANTED):
        new = enrolled([recorded(demo_base, row)])
        demo_base.synthesizer.train()
        start = initialise(new)
        assert start.taken_from == speakers.names[place]
        assert torch.equal(start.row, speakers.embeddings[place])
        assert all(module.training for module in demo_base.synthesizer.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in demo_base.synthesizer.state_dict().items())
    assert torch.equal(torch.random.get_rng_state(), default)


def test_losses_are_those_of_each_row_alone_when_many_are_tried_at_once(
    new_context: NewContext, miniature_speakers: BaseSpeakers, utterances: list[PreparedUtterance]
) -> None:
    context = new_context(miniature_speakers)
    rows = torch.randn(11, 8, generator=torch.Generator().manual_seed(1))  # more than are tried at once
    mel = MelSpectrogram(context.spec.analysis())
    with context.base_at_rest() as base:
        losses = OwnLosses(base, mel, mel_weight=45.0)
        together = losses(utterances[0], rows)
        alone = torch.cat([losses(utterances[0], row) for row in rows.split(1)])
    assert together.shape == (11,)
    assert torch.allclose(together, alone, rtol=1e-4)


def test_row_is_a_copy_when_it_is_taken(
    miniature_speakers: BaseSpeakers, new_context: NewContext, utterances: list[PreparedUtterance]
) -> None:
    before = miniature_speakers.embeddings.clone()
    start = Likeliest().prepare(new_context(miniature_speakers))(enrolled(utterances))
    start.row.add_(1)
    assert torch.equal(miniature_speakers.embeddings, before)


@pytest.mark.parametrize(("temperature", "tolerance"), [(1e-4, 1e-3), (1e6, 1e-3)])
def test_mixture_goes_from_the_likeliest_row_to_the_plain_mean_when_the_temperature_rises(
    temperature: float,
    tolerance: float,
    miniature_speakers: BaseSpeakers,
    new_context: NewContext,
    utterances: list[PreparedUtterance],
) -> None:
    new = enrolled(utterances[:1])
    context = new_context(miniature_speakers)
    alone = Likeliest().prepare(context)(new)
    mixed = Likeliest(neighbours=3, temperature=temperature).prepare(context)(new)
    expected = alone.row if temperature < 1 else miniature_speakers.embeddings.mean(0)
    assert (alone.taken_from is not None, mixed.taken_from) == (True, None)
    torch.testing.assert_close(mixed.row, expected, atol=tolerance, rtol=0)


def test_initialiser_is_refused_when_no_recording_is_known(
    miniature_speakers: BaseSpeakers, new_context: NewContext
) -> None:
    initialise = Likeliest().prepare(new_context(miniature_speakers))
    with pytest.raises(InputError, match="listens to recordings, but of speaker 'new' only a voiceprint is known"):
        initialise(enrolled([]))


def test_initialiser_is_refused_when_there_are_no_base_speakers(new_context: NewContext) -> None:
    nobody = BaseSpeakers((), torch.zeros(0, 8), torch.zeros(0, 0))
    with pytest.raises(InputError, match="strategy=likeliest needs 1 trained base speakers, the base has 0"):
        Likeliest().prepare(new_context(nobody))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"recordings": 0}, "strategy.recordings=0 must be a whole number of at least 1"),
        ({"mel_weight": -1.0}, "strategy.mel_weight=-1.0 must be a finite number of at least 0"),
    ],
)
def test_settings_are_refused_when_out_of_range(settings: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Likeliest(**settings)  # pyright: ignore[reportArgumentType]
