"""Decoders that end in an inverse STFT (Kaneko et al., iSTFTNet, 2022): of the audio, or of each of its bands.

Bands are joined by a fixed PQMF bank or by a learned filter (Kawamura et al., MB-iSTFT-VITS, 2022). None of
these decoders sees the speaker.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from vits.common.sizes import (
    Channels,
    Count,
    FFTSize,
    HopLength,
    LatentChannels,
    ResblockDilations,
    ResblockKernelSizes,
    UpsampleKernelSizes,
    UpsampleRates,
)
from vits.decoder.decoded import DecodedAudio
from vits.decoder.ending import Lengths, end_mask, masked, scaled
from vits.decoder.resblock import ResBlock, ResBlock1
from vits.decoder.trunk import UpsamplingTrunk
from vits.istft import InverseSTFT
from vits.layers import same_padding, weight_normed
from vits.pqmf import PQMF

SYNTHESIS_TAPS = 63


class _SpectralDecoder(nn.Module):
    """The trunk, magnitude and phase of each band, and their inverse STFT."""

    def __init__(
        self,
        latent_channels: int,
        initial_channels: int,
        upsample_rates: Sequence[int],
        upsample_kernel_sizes: Sequence[int],
        resblock_kernel_sizes: Sequence[int],
        resblock_dilations: Sequence[Sequence[int]],
        n_fft: int,
        hop_length: int,
        n_bands: int,
        resblock: ResBlock,
    ) -> None:
        super().__init__()
        self.n_bands = n_bands
        self.trunk = UpsamplingTrunk(
            weight_normed(nn.Conv1d(latent_channels, initial_channels, 7, padding=3)),
            initial_channels,
            upsample_rates,
            upsample_kernel_sizes,
            resblock_kernel_sizes,
            resblock_dilations,
            resblock,
        )
        self.output = weight_normed(nn.Conv1d(self.trunk.channels, n_bands * (n_fft + 2), 7, padding=3))
        self.istft = InverseSTFT(n_fft, hop_length)
        self.samples_per_frame = self.trunk.upsampling * hop_length * n_bands

    def spectra(
        self,
        z: Float[Tensor, "batch latent frames"],
        speaker: Float[Tensor, "batch gin 1"],
        lengths: Lengths | None = None,
    ) -> Float[Tensor, "part signals bins time"]:
        """Log magnitude and phase before its sine, of all bands of all items, in float32."""
        hidden = nn.functional.pad(self.trunk(z, speaker, lengths), (1, 0), mode="reflect")
        return rearrange(
            self.output(hidden).float(),
            "batch (band part bins) time -> part (batch band) bins time",
            band=self.n_bands,
            part=2,
        )

    def bands(
        self, spectra: Float[Tensor, "part signals bins time"], lengths: Lengths | None = None
    ) -> Float[Tensor, "batch bands reduced"]:
        """The bands that have these spectra; nothing sounds behind the `lengths`, in frames of the latent."""
        log_magnitude, phase = spectra
        steps = None if lengths is None else (lengths * self.trunk.upsampling).repeat_interleave(self.n_bands)
        bands = self.istft(torch.exp(log_magnitude), math.pi * torch.sin(phase), steps)
        return rearrange(bands, "(batch band) time -> batch band time", band=self.n_bands)

    def ended(
        self, audio: Float[Tensor, "batch 1 samples"], lengths: Lengths | None
    ) -> Float[Tensor, "batch 1 samples"]:
        """The audio without what a synthesis filter adds behind each item's end."""
        return masked(audio, end_mask(scaled(lengths, self.samples_per_frame), audio))


class ISTFTDecoder(_SpectralDecoder):
    """One inverse STFT that makes the audio itself."""

    def __init__(
        self,
        latent_channels: LatentChannels,
        initial_channels: Channels,
        upsample_rates: UpsampleRates,
        upsample_kernel_sizes: UpsampleKernelSizes,
        resblock_kernel_sizes: ResblockKernelSizes,
        resblock_dilations: ResblockDilations,
        n_fft: FFTSize = 16,
        hop_length: HopLength = 4,
        resblock: ResBlock = ResBlock1,
    ) -> None:
        super().__init__(
            latent_channels,
            initial_channels,
            upsample_rates,
            upsample_kernel_sizes,
            resblock_kernel_sizes,
            resblock_dilations,
            n_fft,
            hop_length,
            1,
            resblock,
        )

    def forward(
        self,
        z: Float[Tensor, "batch latent frames"],
        speaker: Float[Tensor, "batch gin 1"],
        lengths: Lengths | None = None,
    ) -> DecodedAudio:
        """The audio of latents that are zero behind their `lengths`, in frames; without them all is valid."""
        spectra = self.spectra(z, speaker, lengths)
        with torch.autocast(z.device.type, enabled=False):
            return DecodedAudio(self.bands(spectra, lengths), None)


class MultiBandISTFTDecoder(_SpectralDecoder):
    """Four bands, each from its own inverse STFT, joined by a PQMF synthesis bank. It never sees the speaker."""

    def __init__(
        self,
        latent_channels: LatentChannels,
        initial_channels: Channels,
        upsample_rates: UpsampleRates,
        upsample_kernel_sizes: UpsampleKernelSizes,
        resblock_kernel_sizes: ResblockKernelSizes,
        resblock_dilations: ResblockDilations,
        n_fft: FFTSize = 16,
        hop_length: HopLength = 4,
        n_bands: Count = 4,
        resblock: ResBlock = ResBlock1,
    ) -> None:
        super().__init__(
            latent_channels,
            initial_channels,
            upsample_rates,
            upsample_kernel_sizes,
            resblock_kernel_sizes,
            resblock_dilations,
            n_fft,
            hop_length,
            n_bands,
            resblock,
        )
        self.pqmf = PQMF(n_bands)

    def forward(
        self,
        z: Float[Tensor, "batch latent frames"],
        speaker: Float[Tensor, "batch gin 1"],
        lengths: Lengths | None = None,
    ) -> DecodedAudio:
        """The audio of latents that are zero behind their `lengths`, in frames; without them all is valid."""
        spectra = self.spectra(z, speaker, lengths)
        with torch.autocast(z.device.type, enabled=False):
            bands = self.bands(spectra, lengths)
            return DecodedAudio(self.ended(self.pqmf.synthesis(bands), lengths), bands)


class MultiStreamISTFTDecoder(_SpectralDecoder):
    """Four streams, each from its own inverse STFT, joined by a synthesis filter that is learned."""

    stuffing: Tensor

    def __init__(
        self,
        latent_channels: LatentChannels,
        initial_channels: Channels,
        upsample_rates: UpsampleRates,
        upsample_kernel_sizes: UpsampleKernelSizes,
        resblock_kernel_sizes: ResblockKernelSizes,
        resblock_dilations: ResblockDilations,
        n_fft: FFTSize = 16,
        hop_length: HopLength = 4,
        n_bands: Count = 4,
        resblock: ResBlock = ResBlock1,
    ) -> None:
        super().__init__(
            latent_channels,
            initial_channels,
            upsample_rates,
            upsample_kernel_sizes,
            resblock_kernel_sizes,
            resblock_dilations,
            n_fft,
            hop_length,
            n_bands,
            resblock,
        )
        # each sample followed by n - 1 zeros, as a transposed convolution: the reference stores this filter
        self.register_buffer("stuffing", torch.eye(n_bands).unsqueeze(2) * torch.eye(n_bands)[0])
        self.synthesis = weight_normed(
            nn.Conv1d(n_bands, 1, SYNTHESIS_TAPS, padding=same_padding(SYNTHESIS_TAPS), bias=False)
        )

    def forward(
        self,
        z: Float[Tensor, "batch latent frames"],
        speaker: Float[Tensor, "batch gin 1"],
        lengths: Lengths | None = None,
    ) -> DecodedAudio:
        """The audio of latents that are zero behind their `lengths`, in frames; without them all is valid."""
        spectra = self.spectra(z, speaker, lengths)
        with torch.autocast(z.device.type, enabled=False):
            streams = nn.functional.conv_transpose1d(
                self.bands(spectra, lengths) * self.n_bands, self.stuffing, stride=self.n_bands
            )
            return DecodedAudio(self.ended(self.synthesis(streams), lengths), None, streams)
