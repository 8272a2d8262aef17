"""The posterior encoder: from a spectrogram to the latent that the decoder speaks."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vits.common.sizes import Channels, Count, KernelSize, LatentChannels, SpeakerChannels
from vits.sentence_noise import Noise, gaussian_like
from vits.wavenet import WaveNet


class Posterior(NamedTuple):
    """A draw of the latent, and the distribution that it was drawn from."""

    z: Float[Tensor, "batch latent frames"]
    mean: Float[Tensor, "batch latent frames"]
    log_deviation: Float[Tensor, "batch latent frames"]


class PosteriorEncoder(nn.Module):
    """WaveNet stack over a spectrogram (mel or linear), conditioned on the speaker (VITS, section 2.5.1)."""

    def __init__(
        self,
        spectrogram_channels: Channels,
        latent_channels: LatentChannels,
        hidden_channels: Channels,
        kernel_size: KernelSize,
        n_layers: Count,
        speaker_channels: SpeakerChannels,
    ) -> None:
        super().__init__()
        self.input = nn.Conv1d(spectrogram_channels, hidden_channels, 1)
        self.wavenet = WaveNet(hidden_channels, kernel_size, n_layers, speaker_channels=speaker_channels)
        self.projection = nn.Conv1d(hidden_channels, 2 * latent_channels, 1)

    def forward(
        self,
        spectrogram: Float[Tensor, "batch bins frames"],
        mask: Float[Tensor, "batch 1 frames"],
        speaker: Float[Tensor, "batch gin 1"],
        *,
        noise_scale: float = 1.0,
        generator: Noise = None,
    ) -> Posterior:
        hidden = self.wavenet(self.input(spectrogram) * mask, mask, speaker)
        mean, log_deviation = (self.projection(hidden) * mask).chunk(2, dim=1)
        noise = gaussian_like(mean, generator, mask) * noise_scale
        return Posterior((mean + noise * torch.exp(log_deviation)) * mask, mean, log_deviation)
