"""Decoders: from the latent to audio.

All iSTFT decoders share the upsampling trunk of HiFi-GAN (Kong et al., 2020) and end in an inverse STFT
(Kaneko et al., iSTFTNet, 2022), here one for each of four bands (Kawamura et al., MB-iSTFT-VITS, 2022).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from vits.errors import InputError
from vits.istft import InverseSTFT
from vits.layers import same_padding, weight_normed
from vits.pqmf import PQMF

SLOPE = 0.1
LAST_SLOPE = 0.01


class DecodedAudio(NamedTuple):
    """Audio in about [-1, 1], and the bands it was made of where the decoder works in bands."""

    audio: Float[Tensor, "batch 1 samples"]
    bands: Float[Tensor, "batch bands reduced"] | None


class ResBlock1(nn.Module):
    """HiFi-GAN's first residual block: pairs of a dilated and a plain convolution."""

    def __init__(self, channels: int, kernel_size: int, dilations: Sequence[int]) -> None:
        super().__init__()

        def conv(dilation: int) -> nn.Conv1d:
            padding = same_padding(kernel_size, dilation)
            return weight_normed(nn.Conv1d(channels, channels, kernel_size, dilation=dilation, padding=padding))

        self.dilated = nn.ModuleList(conv(dilation) for dilation in dilations)
        self.plain = nn.ModuleList(conv(1) for _ in dilations)

    def forward(self, x: Float[Tensor, "batch channels time"]) -> Float[Tensor, "batch channels time"]:
        for dilated, plain in zip(self.dilated, self.plain, strict=True):
            hidden = dilated(nn.functional.leaky_relu(x, SLOPE))
            x = x + plain(nn.functional.leaky_relu(hidden, SLOPE))
        return x


class UpsamplingTrunk(nn.Module):
    """Transposed convolutions, each followed by the mean of residual blocks with different kernels."""

    def __init__(
        self,
        latent_channels: int,
        initial_channels: int,
        upsample_rates: Sequence[int],
        upsample_kernel_sizes: Sequence[int],
        resblock_kernel_sizes: Sequence[int],
        resblock_dilations: Sequence[Sequence[int]],
    ) -> None:
        super().__init__()
        _check_upsampling(initial_channels, upsample_rates, upsample_kernel_sizes)
        self.upsampling = math.prod(upsample_rates)
        self.channels = initial_channels // 2 ** len(upsample_rates)
        self.input = weight_normed(nn.Conv1d(latent_channels, initial_channels, 7, padding=3))
        self.upsamplers = nn.ModuleList()
        self.resblocks = nn.ModuleList()
        for stage, (rate, kernel_size) in enumerate(zip(upsample_rates, upsample_kernel_sizes, strict=True)):
            channels = initial_channels // 2 ** (stage + 1)
            self.upsamplers.append(
                weight_normed(
                    nn.ConvTranspose1d(2 * channels, channels, kernel_size, rate, padding=(kernel_size - rate) // 2)
                )
            )
            self.resblocks.append(
                nn.ModuleList(
                    ResBlock1(channels, size, dilations)
                    for size, dilations in zip(resblock_kernel_sizes, resblock_dilations, strict=True)
                )
            )

    def forward(self, z: Float[Tensor, "batch latent frames"]) -> Float[Tensor, "batch channels time"]:
        x = self.input(z)
        for upsampler, resblocks in zip(self.upsamplers, self.resblocks, strict=True):
            x = upsampler(nn.functional.leaky_relu(x, SLOPE))
            x = torch.stack([block(x) for block in resblocks]).mean(dim=0)  # pyright: ignore[reportGeneralTypeIssues]
        return nn.functional.leaky_relu(x, LAST_SLOPE)


class MultiBandISTFTDecoder(nn.Module):
    """Four bands, each from its own inverse STFT, joined by a PQMF synthesis bank. It never sees the speaker."""

    def __init__(
        self,
        latent_channels: int,
        initial_channels: int,
        upsample_rates: Sequence[int],
        upsample_kernel_sizes: Sequence[int],
        resblock_kernel_sizes: Sequence[int],
        resblock_dilations: Sequence[Sequence[int]],
        n_fft: int = 16,
        hop_length: int = 4,
        n_bands: int = 4,
    ) -> None:
        super().__init__()
        self.n_bands = n_bands
        self.trunk = UpsamplingTrunk(
            latent_channels,
            initial_channels,
            upsample_rates,
            upsample_kernel_sizes,
            resblock_kernel_sizes,
            resblock_dilations,
        )
        self.output = weight_normed(nn.Conv1d(self.trunk.channels, n_bands * (n_fft + 2), 7, padding=3))
        self.istft = InverseSTFT(n_fft, hop_length)
        self.pqmf = PQMF(n_bands)
        self.samples_per_frame = self.trunk.upsampling * hop_length * n_bands

    def forward(self, z: Float[Tensor, "batch latent frames"], speaker: Float[Tensor, "batch gin 1"]) -> DecodedAudio:
        hidden = nn.functional.pad(self.trunk(z), (1, 0), mode="reflect")
        log_magnitude, phase = rearrange(
            self.output(hidden).float(),
            "batch (band part bins) time -> part (batch band) bins time",
            band=self.n_bands,
            part=2,
        )
        with torch.autocast(z.device.type, enabled=False):
            bands = self.istft(torch.exp(log_magnitude), math.pi * torch.sin(phase))
            bands = rearrange(bands, "(batch band) time -> batch band time", band=self.n_bands)
            return DecodedAudio(self.pqmf.synthesis(bands), bands)


def _check_upsampling(initial_channels: int, rates: Sequence[int], kernel_sizes: Sequence[int]) -> None:
    if len(rates) != len(kernel_sizes):
        raise InputError(
            f"upsample_rates={list(rates)} and upsample_kernel_sizes={list(kernel_sizes)} must be equally many"
        )
    for rate, kernel_size in zip(rates, kernel_sizes, strict=True):
        if kernel_size < rate or (kernel_size - rate) % 2:
            raise InputError(
                f"upsample kernel {kernel_size} can't upsample by {rate}; take a kernel at least as large, "
                "that differs from the rate by an even number"
            )
    if initial_channels % 2 ** len(rates):
        raise InputError(
            f"initial_channels={initial_channels} can't be halved {len(rates)} times; "
            f"take a multiple of {2 ** len(rates)}"
        )
