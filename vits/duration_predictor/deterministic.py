"""The deterministic duration predictor."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vits.batch_rows import BatchNoise, RowDropout
from vits.common.sizes import Channels, Dropout, KernelSize, SpeakerChannels
from vits.duration_predictor.duration_fit import LOG_DURATION_FLOOR, DurationFit
from vits.layers import ChannelNorm, same_padding, speaker_projection
from vits.sentence_noise import Noise


class DeterministicDurationPredictor(nn.Module):
    """Two convolutions that predict one log-duration per token (FastSpeech, section 3.3).

    It learns from the text encoder and the speaker embedding without moving them.
    """

    def __init__(
        self,
        hidden_channels: Channels,
        filter_channels: Channels,
        kernel_size: KernelSize,
        dropout: Dropout,
        speaker_channels: SpeakerChannels,
    ) -> None:
        super().__init__()
        padding = same_padding(kernel_size)
        self.speaker_projection = speaker_projection(speaker_channels, hidden_channels)
        self.conv_1 = nn.Conv1d(hidden_channels, filter_channels, kernel_size, padding=padding)
        self.norm_1 = ChannelNorm(filter_channels)
        self.conv_2 = nn.Conv1d(filter_channels, filter_channels, kernel_size, padding=padding)
        self.norm_2 = ChannelNorm(filter_channels)
        self.projection = nn.Conv1d(filter_channels, 1, 1)
        self.dropout = RowDropout(dropout)

    def predict(
        self,
        hidden: Float[Tensor, "batch hidden tokens"],
        mask: Float[Tensor, "batch 1 tokens"],
        speaker: Float[Tensor, "batch gin 1"],
        *,
        noise_scale: float | Float[Tensor, "1"] = 0.0,
        generator: Noise = None,
    ) -> Float[Tensor, "batch 1 tokens"]:
        """Log-durations in frames. This predictor draws nothing; the noise is for those that do."""
        x = hidden.detach() + self.speaker_projection(speaker.detach())
        x = self.dropout(self.norm_1(torch.relu(self.conv_1(x * mask))))
        x = self.dropout(self.norm_2(torch.relu(self.conv_2(x * mask))))
        return self.projection(x * mask) * mask

    def fit(
        self,
        hidden: Float[Tensor, "batch hidden tokens"],
        mask: Float[Tensor, "batch 1 tokens"],
        speaker: Float[Tensor, "batch gin 1"],
        durations: Float[Tensor, "batch 1 tokens"],
        *,
        generator: BatchNoise = None,
    ) -> DurationFit:
        """Squared error of the log-durations, per token."""
        predicted = self.predict(hidden, mask, speaker)
        target = torch.log(durations + LOG_DURATION_FLOOR) * mask
        return DurationFit((predicted - target).square().sum() / mask.sum(), predicted)
