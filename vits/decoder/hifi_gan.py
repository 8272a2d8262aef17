"""HiFi-GAN's generator as a decoder (Kong et al., HiFi-GAN, 2020; VITS, section 2.5.3)."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vits.common.sizes import (
    Channels,
    LatentChannels,
    ResblockDilations,
    ResblockKernelSizes,
    SpeakerChannels,
    UpsampleKernelSizes,
    UpsampleRates,
)
from vits.decoder.decoded import DecodedAudio
from vits.decoder.ending import Lengths, end_mask, masked, scaled
from vits.decoder.resblock import ResBlock, ResBlock1
from vits.decoder.trunk import UpsamplingTrunk
from vits.layers import speaker_projection


class HiFiGANDecoder(nn.Module):
    """Upsampling all the way to samples. It is told the speaker, as none of the iSTFT decoders is."""

    def __init__(
        self,
        latent_channels: LatentChannels,
        initial_channels: Channels,
        upsample_rates: UpsampleRates,
        upsample_kernel_sizes: UpsampleKernelSizes,
        resblock_kernel_sizes: ResblockKernelSizes,
        resblock_dilations: ResblockDilations,
        speaker_channels: SpeakerChannels,
        resblock: ResBlock = ResBlock1,
    ) -> None:
        super().__init__()
        self.trunk = UpsamplingTrunk(
            nn.Conv1d(latent_channels, initial_channels, 7, padding=3),
            initial_channels,
            upsample_rates,
            upsample_kernel_sizes,
            resblock_kernel_sizes,
            resblock_dilations,
            resblock,
        )
        self.output = nn.Conv1d(self.trunk.channels, 1, 7, padding=3, bias=False)
        self.speaker_projection = speaker_projection(speaker_channels, initial_channels)
        self.samples_per_frame = self.trunk.upsampling

    def forward(
        self,
        z: Float[Tensor, "batch latent frames"],
        speaker: Float[Tensor, "batch gin 1"],
        lengths: Lengths | None = None,
    ) -> DecodedAudio:
        """The audio of latents that are zero behind their `lengths`, in frames; without them all is valid."""
        hidden = self.trunk.upsample(self.trunk.input(z) + self.speaker_projection(speaker), speaker, lengths)
        audio = torch.tanh(self.output(hidden)).float()
        return DecodedAudio(masked(audio, end_mask(scaled(lengths, self.samples_per_frame), audio)), None)
