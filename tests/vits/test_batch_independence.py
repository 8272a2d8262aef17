"""A sentence's audio is its own, whoever stands beside it in the batch, with every decoder and every way to speak."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from miniature_material import NARROW
from torch import Tensor, nn

from vits.decoder.conditioning import FilmConditioning
from vits.model_spec import ModelSpec
from vits.sentence_noise import sentence_generators
from vits.synthesizer import Synthesizer

CONF = Path(__file__).parents[2] / "conf" / "model"
DECODERS = sorted(path.stem for path in (CONF / "decoder").glob("*.yaml"))
N_SPEAKERS = 3
LATENT = 8
OF_PEAK = 1e-5
STOCHASTIC = "model/duration_predictor=stochastic"
UPSAMPLING = ("model.decoder.initial_channels=32",)

Lengths = st.lists(st.integers(1, 40), min_size=2, max_size=4)


@pytest.fixture(scope="module", params=DECODERS)
def model(request: pytest.FixtureRequest, compose_model: Callable[..., ModelSpec]) -> Synthesizer:
    """A narrow model with a decoder of full depth, stochastic durations and weights that aren't zero anywhere."""
    wide = request.param == "convnext_istft"
    spec = compose_model("tiny", (f"model/decoder={request.param}", *NARROW, STOCHASTIC, *(() if wide else UPSAMPLING)))
    torch.manual_seed(0)
    model = spec.synthesizer(N_SPEAKERS).eval().requires_grad_(False)
    for part in (model.flow, model.duration_predictor, model.speaker_embedding):
        for parameter in part.parameters():
            nn.init.normal_(parameter, std=0.2)
    return model


def assert_same(batched: Tensor, alone: Tensor) -> None:
    """Equal to 1e-5 of the peak where the sentence is, and silent behind it."""
    end = alone.shape[-1]
    assert (batched[..., :end] - alone).abs().max() <= OF_PEAK * alone.abs().max()
    assert not batched[..., end:].any()


def drawn(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@settings(max_examples=8)
@given(lengths=Lengths)
def test_decoded_audio_is_the_same_when_lengths_are_random(model: Synthesizer, lengths: list[int]) -> None:
    speaker = model.speaker_embedding(torch.arange(len(lengths)) % N_SPEAKERS)
    latents = [drawn(LATENT, length, seed=length) for length in lengths]
    z = nn.utils.rnn.pad_sequence([latent.T for latent in latents], batch_first=True).mT
    audio = model.decoder(z, speaker, torch.tensor(lengths)).audio
    for item, latent in enumerate(latents):
        assert_same(audio[item], model.decoder(latent.unsqueeze(0), speaker[item : item + 1]).audio[0])


@settings(max_examples=8)
@given(lengths=Lengths, seed=st.integers(0, 2**40))
def test_spoken_audio_is_the_same_when_sentences_share_a_batch(
    model: Synthesizer, lengths: list[int], seed: int
) -> None:
    tokens = torch.randint(1, 20, (len(lengths), max(lengths)), generator=torch.Generator().manual_seed(seed))
    names = [("voice", str(place)) for place in range(len(lengths))]
    voices = torch.arange(len(lengths)) % N_SPEAKERS
    together = model.infer(tokens, torch.tensor(lengths), voices, generator=sentence_generators(seed, names))
    for item, length in enumerate(lengths):
        only = slice(item, item + 1)
        alone = model.infer(
            tokens[only, :length],
            torch.tensor([length]),
            voices[only],
            generator=sentence_generators(seed, names[only]),
        )
        assert together.lengths[item] == alone.lengths[0]
        assert_same(together.audio[item], alone.audio[0])


@settings(max_examples=5)
@given(lengths=Lengths)
def test_copied_and_converted_audio_is_the_same_when_recordings_share_a_batch(
    model: Synthesizer, lengths: list[int]
) -> None:
    spectrogram, frames = drawn(len(lengths), 80, max(lengths)), torch.tensor(lengths)
    source = torch.arange(len(lengths)) % N_SPEAKERS
    target = (source + 1) % N_SPEAKERS
    copied = model.reconstruct(spectrogram, frames, source).audio
    converted = model.convert(spectrogram, frames, source, target).audio
    for item, length in enumerate(lengths):
        only = slice(item, item + 1)
        recording = spectrogram[only, :, :length], frames[only], source[only]
        assert_same(copied[item], model.reconstruct(*recording).audio[0])
        assert_same(converted[item], model.convert(*recording, target[only]).audio[0])


def test_decoded_audio_is_the_same_when_the_decoder_is_told_the_speaker(
    compose_model: Callable[..., ModelSpec],
) -> None:
    torch.manual_seed(0)
    model = compose_model("tiny", ("model/decoder=multi_band_istft", *NARROW, *UPSAMPLING)).synthesizer(N_SPEAKERS)
    trunk = model.decoder.get_submodule("trunk")
    trunk.conditioning = FilmConditioning([16, 8], 8)
    for parameter in trunk.conditioning.parameters():
        nn.init.normal_(parameter, std=0.5)
    z, speaker = drawn(2, LATENT, 30), model.speaker_embedding(torch.tensor([0, 1]))
    z[0, :, 13:] = 0
    with torch.no_grad():
        together = model.decoder(z, speaker, torch.tensor([13, 30])).audio
        assert_same(together[0], model.decoder(z[:1, :, :13], speaker[:1]).audio[0])


@torch.no_grad()
def test_batched_audio_is_as_near_as_bfloat16_is_to_float32(model: Synthesizer) -> None:
    z, speaker, lengths = drawn(2, LATENT, 30), model.speaker_embedding(torch.tensor([0, 1])), torch.tensor([13, 30])
    z[0, :, 13:] = 0
    exact = model.decoder(z[:1, :, :13], speaker[:1]).audio[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        alone = model.decoder(z[:1, :, :13], speaker[:1]).audio[0]
        together = model.decoder(z, speaker, lengths).audio[0, :, : alone.shape[-1]]
    assert (together - alone).abs().max() <= (alone - exact).abs().max()
