from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, layer_norm, leaky_relu

from vits.common.errors import InputError
from vits.decoder import (
    ConvNeXtISTFTDecoder,
    HiFiGANDecoder,
    ISTFTDecoder,
    MultiBandISTFTDecoder,
    MultiStreamISTFTDecoder,
    ResBlock1,
    ResBlock2,
)
from vits.losses import MultiScaleMelLoss

LATENT, SPEAKER, FRAMES = 5, 3, 12
RATES = {ISTFTDecoder: [8, 8], MultiBandISTFTDecoder: [4, 4], MultiStreamISTFTDecoder: [4, 4]}


def new_decoder(kind: type[nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    if kind is ConvNeXtISTFTDecoder:
        decoder = kind(LATENT, 16, 24, 2)
    elif kind is HiFiGANDecoder:
        decoder = kind(LATENT, 16, [8, 8, 2, 2], [16, 16, 4, 4], [3, 5], [[1, 3], [1, 3]], SPEAKER, ResBlock2)
    else:
        decoder = kind(LATENT, 16, RATES[kind], [16, 16], [3, 5], [[1, 3], [1, 3]])
    return decoder.eval().requires_grad_(False)


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", [*RATES, HiFiGANDecoder, ConvNeXtISTFTDecoder])
def test_audio_has_the_samples_of_its_frames_when_decoded(kind: type[nn.Module]) -> None:
    decoder = new_decoder(kind)
    assert decoder.samples_per_frame == 256
    for frames in (1, FRAMES):
        assert decoder(noise(2, LATENT, frames), noise(2, SPEAKER, 1)).audio.shape == (2, 1, frames * 256)


@pytest.mark.parametrize("kind", [*RATES, ConvNeXtISTFTDecoder])
def test_speaker_does_not_matter_when_decoder_ends_in_an_inverse_stft(kind: type[nn.Module]) -> None:
    decoder, z = new_decoder(kind), noise(1, LATENT, FRAMES)
    assert torch.equal(decoder(z, torch.zeros(1, SPEAKER, 1)).audio, decoder(z, torch.ones(1, SPEAKER, 1)).audio)


def test_speaker_matters_when_decoder_is_hifi_gan() -> None:
    decoder, z = new_decoder(HiFiGANDecoder), noise(1, LATENT, FRAMES)
    assert not torch.equal(decoder(z, torch.zeros(1, SPEAKER, 1)).audio, decoder(z, torch.ones(1, SPEAKER, 1)).audio)


def test_audio_follows_the_formula_when_decoder_is_hifi_gan() -> None:
    decoder, z, speaker = new_decoder(HiFiGANDecoder), noise(1, LATENT, FRAMES), noise(1, SPEAKER, 1)
    x = decoder.trunk.input(z) + decoder.speaker_projection(speaker)
    for upsampler, blocks in zip(decoder.trunk.upsamplers, decoder.trunk.resblocks, strict=True):
        x = upsampler(leaky_relu(x, 0.1))
        x = (blocks[0](x) + blocks[1](x)) / 2
    torch.testing.assert_close(decoder(z, speaker).audio, torch.tanh(decoder.output(leaky_relu(x, 0.01))))


def test_audio_follows_the_formula_when_there_is_one_inverse_stft() -> None:
    decoder, z = new_decoder(ISTFTDecoder), noise(1, LATENT, FRAMES)
    hidden = nn.functional.pad(decoder.trunk(z, noise(1, SPEAKER, 1)), (1, 0), mode="reflect")
    log_magnitude, phase = decoder.output(hidden).split(9, dim=1)
    spectrum = torch.polar(log_magnitude.exp(), math.pi * torch.sin(phase))
    expected = torch.istft(spectrum, 16, 4, window=torch.hann_window(16), center=True)
    made = decoder(z, noise(1, SPEAKER, 1))
    torch.testing.assert_close(made.audio.squeeze(1), expected, atol=1e-5, rtol=1e-4)
    assert made.bands is None


def test_streams_are_stuffed_and_filtered_when_joined() -> None:
    decoder, z = new_decoder(MultiStreamISTFTDecoder), noise(2, LATENT, FRAMES)
    made = decoder(z, noise(2, SPEAKER, 1))
    assert made.bands is None, "a learned filter's streams are no bands of the audio"
    assert made.streams is not None
    assert made.streams.shape == (2, 4, FRAMES * 256)
    assert made.streams.unflatten(2, (-1, 4))[..., 1:].abs().max() == 0
    assert made.streams[..., ::4].abs().min() > 0
    torch.testing.assert_close(made.streams[..., ::4], 4 * decoder.bands(decoder.spectra(z, noise(2, SPEAKER, 1))))
    torch.testing.assert_close(made.audio, decoder.synthesis(made.streams))


@pytest.mark.parametrize("kind", [ResBlock1, ResBlock2])
def test_block_follows_the_formula_when_dilations_grow(kind: type[nn.Module]) -> None:
    torch.manual_seed(0)
    block = kind(4, 3, [1, 3]).requires_grad_(False)
    x = expected = noise(1, 4, 30)
    for index, dilation in enumerate((1, 3)):
        dilated = block.dilated[index]
        hidden = nn.functional.conv1d(
            leaky_relu(expected, 0.1), dilated.weight, dilated.bias, padding=dilation, dilation=dilation
        )
        if kind is ResBlock1:
            plain = block.plain[index]
            hidden = nn.functional.conv1d(leaky_relu(hidden, 0.1), plain.weight, plain.bias, padding=1)
        expected = expected + hidden
    torch.testing.assert_close(block(x), expected)


def test_decoder_is_refused_when_kernels_and_dilations_are_not_equally_many() -> None:
    with pytest.raises(InputError, match=r"resblock_kernel_sizes=\[3, 5\] and resblock_dilations=\[\[1\]\]"):
        ISTFTDecoder(LATENT, 16, [8, 8], [16, 16], [3, 5], [[1]])


def test_audio_follows_the_formula_when_decoder_stays_at_the_frame_rate() -> None:
    decoder, z = new_decoder(ConvNeXtISTFTDecoder), noise(1, LATENT, FRAMES)
    trunk = decoder.trunk
    x = layer_norm(trunk.input(z).mT, (16,))
    for block in trunk.blocks:
        mixed = layer_norm(block.depthwise(x.mT).mT, (16,))
        x = x + 0.5 * (gelu(mixed @ block.expand.weight.mT) @ block.contract.weight.mT)
    frames = nn.functional.pad((layer_norm(x, (16,)) @ decoder.output.weight.mT).mT, (1, 0), mode="replicate")
    log_magnitude, phase = frames.split(513, dim=1)
    spectrum = torch.polar(log_magnitude.exp(), phase)
    expected = torch.istft(spectrum, 1024, 256, window=torch.hann_window(1024), center=True)
    made = decoder(z, noise(1, SPEAKER, 1))
    torch.testing.assert_close(made.audio.squeeze(1), expected, atol=1e-5, rtol=1e-4)
    assert made.bands is None


def test_audio_is_finite_when_a_magnitude_would_overflow() -> None:
    decoder = new_decoder(ConvNeXtISTFTDecoder)
    nn.init.constant_(decoder.output.bias, 1000.0)
    audio = decoder(noise(1, LATENT, FRAMES), noise(1, SPEAKER, 1)).audio
    assert audio.isfinite().all()


def test_sine_is_learned_when_trained_on_its_mel_spectrogram() -> None:
    decoder = new_decoder(ConvNeXtISTFTDecoder).requires_grad_(True)
    z, speaker = noise(1, LATENT, FRAMES), noise(1, SPEAKER, 1)
    time_s = torch.arange(FRAMES * 256) / 16000
    sine, loss = 0.3 * torch.sin(2 * math.pi * 440 * time_s)[None], MultiScaleMelLoss(16000)
    optimizer = torch.optim.Adam(decoder.parameters(), 3e-3)
    losses = []
    for _ in range(60):
        losses.append(loss(decoder(z, speaker).audio.squeeze(1), sine))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < 0.4 * losses[0]
