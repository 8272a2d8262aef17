"""What stands beside a shorter utterance in its batch doesn't change it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from vits.layers import length_mask
from vits.model_spec import ModelSpec
from vits.synthesizer import Synthesizer

SHORT, LONG = 11, 19


@pytest.fixture(scope="module")
def model(tiny_spec: ModelSpec) -> Synthesizer:
    torch.manual_seed(0)
    model = tiny_spec.synthesizer(n_speakers=3).eval().requires_grad_(False)
    for coupling in model.flow.couplings:
        nn.init.normal_(coupling.shift.projection.weight, std=0.3)
    return model


@pytest.fixture
def speaker(model: Synthesizer) -> Tensor:
    return model.speaker_embedding(torch.tensor([1, 2]))


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def assert_unchanged(padded: Tensor, alone: Tensor) -> None:
    """The first item of the padded batch is what it is alone, and nothing stands on its padding."""
    torch.testing.assert_close(padded[:1, :, : alone.shape[2]], alone, atol=2e-6, rtol=1e-5)
    assert padded[0, :, alone.shape[2] :].abs().max() == 0


def test_text_is_encoded_the_same_when_batch_is_padded(model: Synthesizer, speaker: Tensor) -> None:
    tokens = torch.randint(1, 200, (2, LONG), generator=torch.Generator().manual_seed(0))
    padded = model.text_encoder(tokens, torch.tensor([SHORT, LONG]), speaker)
    alone = model.text_encoder(tokens[:1, :SHORT], torch.tensor([SHORT]), speaker[:1])
    assert_unchanged(padded.hidden, alone.hidden)
    assert_unchanged(padded.mean, alone.mean)
    assert_unchanged(padded.log_deviation, alone.log_deviation)


def test_speech_is_encoded_the_same_when_batch_is_padded(model: Synthesizer, speaker: Tensor) -> None:
    spectrogram, mask = noise(2, 80, LONG), length_mask(torch.tensor([SHORT, LONG]))
    padded = model.posterior_encoder(spectrogram, mask, speaker, noise_scale=0.0)
    alone = model.posterior_encoder(spectrogram[:1, :, :SHORT], mask[:1, :, :SHORT], speaker[:1], noise_scale=0.0)
    assert_unchanged(padded.z, alone.z)
    assert_unchanged(padded.log_deviation, alone.log_deviation)


@pytest.mark.parametrize("direction", ["forward", "inverse"])
def test_latent_flows_the_same_when_batch_is_padded(model: Synthesizer, speaker: Tensor, direction: str) -> None:
    mask = length_mask(torch.tensor([SHORT, LONG]))
    z = noise(2, 64, LONG) * mask
    move = getattr(model.flow, direction)
    assert_unchanged(move(z, mask, speaker), move(z[:1, :, :SHORT], mask[:1, :, :SHORT], speaker[:1]))


def test_durations_are_predicted_the_same_when_batch_is_padded(model: Synthesizer, speaker: Tensor) -> None:
    hidden, mask = noise(2, 96, LONG), length_mask(torch.tensor([SHORT, LONG]))
    padded = model.duration_predictor.predict(hidden, mask, speaker)
    alone = model.duration_predictor.predict(hidden[:1, :, :SHORT], mask[:1, :, :SHORT], speaker[:1])
    assert_unchanged(padded, alone)


def test_audio_is_the_same_to_its_end_when_batch_is_padded(model: Synthesizer, speaker: Tensor) -> None:
    lengths, hop_length = torch.tensor([50, 80]), model.samples_per_frame
    z = noise(2, 64, 80) * length_mask(lengths)
    alone = model.decoder(z[:1, :, :50], speaker[:1]).audio
    assert_unchanged(model.decoder(z, speaker, lengths).audio, alone)
    heard = model.decoder(z, speaker).audio[:1, :, : 50 * hop_length]
    assert (heard - alone).abs().max() > 1e-2, "the padding would be heard if the decoder weren't told the lengths"
