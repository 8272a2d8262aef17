"""The stochastic duration predictor of VITS (section 2.2.2 and appendix B.2)."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vits.batch_rows import BatchNoise
from vits.common.sizes import Channels, Count, Dropout, KernelSize, SpeakerChannels, SplineBins, Steps
from vits.duration_predictor.duration_fit import DurationFit
from vits.duration_predictor.flow import CHANNELS, DilatedStack, DurationFlow
from vits.layers import speaker_projection
from vits.sentence_noise import Noise, gaussian_like

DURATION_FLOOR = 1e-5  # of a duration in frames, before its logarithm


class StochasticDurationPredictor(nn.Module):
    """Draws each token's log-duration from a distribution, so that the same text is spoken in many rhythms.

    Two flows meet: one turns noise into what makes a whole number of frames continuous (variational
    dequantisation and augmentation), the other turns the continuous durations into noise. It learns from the
    text encoder and the speaker embedding without moving them.
    """

    def __init__(
        self,
        hidden_channels: Channels,
        filter_channels: Channels,
        kernel_size: KernelSize,
        dropout: Dropout,
        speaker_channels: SpeakerChannels,
        n_steps: Steps = 4,
        n_layers: Count = 3,
        n_bins: SplineBins = 10,
    ) -> None:
        super().__init__()
        self.speaker_projection = speaker_projection(speaker_channels, filter_channels)
        self.input = nn.Conv1d(hidden_channels, filter_channels, 1)
        self.convs = DilatedStack(filter_channels, kernel_size, n_layers, dropout)
        self.projection = nn.Conv1d(filter_channels, filter_channels, 1)
        self.flow = DurationFlow(filter_channels, kernel_size, n_layers, n_bins, n_steps)
        self.duration_input = nn.Conv1d(1, filter_channels, 1)
        self.duration_convs = DilatedStack(filter_channels, kernel_size, n_layers, dropout)
        self.duration_projection = nn.Conv1d(filter_channels, filter_channels, 1)
        self.posterior_flow = DurationFlow(filter_channels, kernel_size, n_layers, n_bins, n_steps)

    def predict(
        self,
        hidden: Float[Tensor, "batch hidden tokens"],
        mask: Float[Tensor, "batch 1 tokens"],
        speaker: Float[Tensor, "batch gin 1"],
        *,
        noise_scale: float | Float[Tensor, "1"] = 0.0,
        generator: Noise = None,
    ) -> Float[Tensor, "batch 1 tokens"]:
        """Log-durations in frames, of noise with so large a spread."""
        with torch.autocast(hidden.device.type, enabled=False):
            condition = self._condition(hidden, mask, speaker)
            return self._sample(condition, mask, noise_scale, generator)

    def fit(
        self,
        hidden: Float[Tensor, "batch hidden tokens"],
        mask: Float[Tensor, "batch 1 tokens"],
        speaker: Float[Tensor, "batch gin 1"],
        durations: Float[Tensor, "batch 1 tokens"],
        *,
        generator: BatchNoise = None,
    ) -> DurationFit:
        """Negative variational lower bound of the durations, per token (VITS, equation 7)."""
        with torch.autocast(hidden.device.type, enabled=False):
            condition = self._condition(hidden, mask, speaker)
            bound = self._lower_bound(durations.float(), condition, mask, generator)
            return DurationFit(-bound.sum() / mask.sum(), self._sample(condition, mask, 1.0, generator))

    def _condition(self, hidden: Tensor, mask: Tensor, speaker: Tensor) -> Float[Tensor, "batch filter tokens"]:
        x = self.input(hidden.detach().float()) + self.speaker_projection(speaker.detach().float())
        return self.projection(self.convs(x, mask)) * mask

    def _sample(
        self,
        condition: Tensor,
        mask: Tensor,
        noise_scale: float | Float[Tensor, "1"],
        generator: Noise,
    ) -> Float[Tensor, "batch 1 tokens"]:
        noise = gaussian_like(condition[:, :CHANNELS], generator, mask) * noise_scale
        return self.flow.sample(noise, mask, condition)

    def _lower_bound(
        self, durations: Tensor, condition: Tensor, mask: Tensor, generator: BatchNoise
    ) -> Float[Tensor, "batch"]:
        """Log-likelihood of the durations less that of the drawn u and v, which make them continuous."""
        heard = self.duration_projection(self.duration_convs(self.duration_input(durations), mask)) * mask
        noise = gaussian_like(condition[:, :CHANNELS], generator) * mask
        drawn, spread = self.posterior_flow(noise, mask, condition + heard)
        u_logit, v = drawn.chunk(2, dim=1)
        log_sigmoid_slope = nn.functional.logsigmoid(u_logit) + nn.functional.logsigmoid(-u_logit)
        spread = spread + (log_sigmoid_slope * mask).sum((1, 2))
        log_q = _log_normal(noise, mask) - spread

        continuous = (durations - torch.sigmoid(u_logit)) * mask
        log_durations = torch.log(continuous.clamp_min(DURATION_FLOOR)) * mask
        z, log_determinant = self.flow(torch.cat((log_durations, v), dim=1), mask, condition)
        log_p = _log_normal(z, mask) + log_determinant - log_durations.sum((1, 2))
        return log_p - log_q


def _log_normal(z: Float[Tensor, "batch 2 tokens"], mask: Float[Tensor, "batch 1 tokens"]) -> Float[Tensor, "batch"]:
    """Log-density of standard normal numbers on the mask."""
    return (-0.5 * (math.log(2 * math.pi) + z.square()) * mask).sum((1, 2))
