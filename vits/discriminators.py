"""What the generator plays against: judges of audio (HiFi-GAN, section 2.3) and of durations (VITS2, 2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vits.common.sizes import Channels, KernelSize, Periods
from vits.layers import ChannelNorm, same_padding, stored_only, weight_normed

SLOPE = 0.1


class Judgement(NamedTuple):
    """A score per position (1 means real), and all activations that led to it, the score among them."""

    score: Float[Tensor, "batch positions"]
    features: list[Tensor]


class _ConvolutionalJudge(nn.Module):
    """Convolutions with leaky rectifiers, and a last one that gives the score."""

    def __init__(self, convs: Sequence[nn.Module], output: nn.Module) -> None:
        super().__init__()
        self.convs = nn.ModuleList(convs)
        self.output = output

    def judge(self, x: Tensor) -> Judgement:
        features = []
        for conv in self.convs:
            x = nn.functional.leaky_relu(conv(x), SLOPE)
            features.append(x)
        score = self.output(x)
        features.append(score)
        return Judgement(score.flatten(1), features)


class ScaleDiscriminator(_ConvolutionalJudge):
    """Grouped 1d convolutions over the samples. `width` is the number of channels at the end (1024)."""

    def __init__(self, width: int = 1024) -> None:
        first = max(width // 64, 1)
        channels = (1, first, 4 * first, 16 * first, width, width, width)
        kernel_sizes = (15, 41, 41, 41, 41, 5)
        strides = (1, 4, 4, 4, 4, 1)
        groups = (1, 4, 16, 64, 256, 1)
        convs = [
            weight_normed(
                nn.Conv1d(
                    channels[i],
                    channels[i + 1],
                    kernel_sizes[i],
                    strides[i],
                    padding=same_padding(kernel_sizes[i]),
                    groups=_groups_that_fit(groups[i], channels[i], channels[i + 1]),
                )
            )
            for i in range(len(kernel_sizes))
        ]
        super().__init__(convs, weight_normed(nn.Conv1d(width, 1, 3, padding=1)))

    def forward(self, wave: Float[Tensor, "batch 1 samples"]) -> Judgement:
        return self.judge(wave)


class _ColumnConvolution(nn.Conv2d):
    """A convolution down the columns of audio folded into rows; its input, output and kernel lie transposed in memory.

    Along a column neighbours then stand side by side, which a processor convolves in up to two thirds of the time.
    """

    def forward(self, x: Float[Tensor, "batch channels period rows"]) -> Float[Tensor, "batch out period reduced"]:  # pyright: ignore[reportIncompatibleMethodOverride]
        stride, padding = self.stride[::-1], self.padding[::-1]
        return nn.functional.conv2d(x, self.weight.mT, self.bias, stride, padding)  # pyright: ignore[reportCallIssue, reportArgumentType]


class PeriodDiscriminator(_ConvolutionalJudge):
    """2d convolutions over audio folded into rows of `period` samples."""

    def __init__(self, period: int, width: int = 1024) -> None:
        channels = (1, max(width // 32, 1), max(width // 8, 1), max(width // 2, 1), width, width)
        convs = [
            weight_normed(
                _ColumnConvolution(channels[i], channels[i + 1], (5, 1), (3 if i < 4 else 1, 1), padding=(2, 0))
            )
            for i in range(5)
        ]
        super().__init__(convs, weight_normed(_ColumnConvolution(width, 1, (3, 1), padding=(1, 0))))
        self.period = period

    def forward(self, wave: Float[Tensor, "batch 1 samples"]) -> Judgement:
        missing = -wave.shape[2] % self.period
        padded = nn.functional.pad(wave, (0, missing), mode="reflect") if missing else wave
        features = self.judge(padded.unflatten(2, (-1, self.period)).mT.contiguous()).features
        return Judgement(features[-1].mT.flatten(1), features)


class MultiPeriodDiscriminator(nn.Module):
    """The scale discriminator first, then one for each period."""

    def __init__(self, width: Channels = 1024, periods: Periods = (2, 3, 5, 7, 11)) -> None:
        super().__init__()
        self.discriminators = nn.ModuleList(
            [ScaleDiscriminator(width), *(PeriodDiscriminator(period, width) for period in periods)]
        )

    def forward(self, wave: Float[Tensor, "batch 1 samples"]) -> list[Judgement]:
        return [discriminator(wave) for discriminator in self.discriminators]

    def compare(
        self, real: Float[Tensor, "batch 1 samples"], fake: Float[Tensor, "batch 1 samples"]
    ) -> tuple[list[Judgement], list[Judgement]]:
        """Judge both in one batch, which costs less than two."""
        both = self(torch.cat((real, fake)))
        size = len(real)
        return (
            [Judgement(j.score[:size], [f[:size] for f in j.features]) for j in both],
            [Judgement(j.score[size:], [f[size:] for f in j.features]) for j in both],
        )


class DurationDiscriminator1(nn.Module):
    """Judges log-durations beside the text they belong to, with linear convolutions only.

    Its two norms are ones that the reference stores but never uses.
    """

    def __init__(self, hidden_channels: Channels, filter_channels: Channels, kernel_size: KernelSize = 3) -> None:
        super().__init__()
        padding = same_padding(kernel_size)
        self.text_conv_1 = nn.Conv1d(hidden_channels, filter_channels, kernel_size, padding=padding)
        self.text_conv_2 = nn.Conv1d(filter_channels, filter_channels, kernel_size, padding=padding)
        self.duration_projection = nn.Conv1d(1, filter_channels, 1)
        self.joint_conv_1 = nn.Conv1d(2 * filter_channels, filter_channels, kernel_size, padding=padding)
        self.joint_norm_1 = stored_only(ChannelNorm(filter_channels))
        self.joint_conv_2 = nn.Conv1d(filter_channels, filter_channels, kernel_size, padding=padding)
        self.joint_norm_2 = stored_only(ChannelNorm(filter_channels))
        self.output = nn.Linear(filter_channels, 1)

    def forward(
        self,
        hidden: Float[Tensor, "batch hidden tokens"],
        mask: Float[Tensor, "batch 1 tokens"],
        log_durations: Float[Tensor, "batch 1 tokens"],
    ) -> Float[Tensor, "batch tokens 1"]:
        """The probability, per token, that its duration is real."""
        text = self.text_conv_2(self.text_conv_1(hidden.detach() * mask) * mask)
        joint = torch.cat((text, self.duration_projection(log_durations)), dim=1)
        joint = self.joint_conv_2(self.joint_conv_1(joint * mask) * mask)
        return torch.sigmoid(self.output((joint * mask).mT))


class DurationDiscriminator2(nn.Module):
    """Judges log-durations beside the text they belong to; every convolution is rectified and normalised."""

    def __init__(self, hidden_channels: Channels, filter_channels: Channels, kernel_size: KernelSize = 3) -> None:
        super().__init__()
        padding = same_padding(kernel_size)
        self.text_conv_1 = nn.Conv1d(hidden_channels, filter_channels, kernel_size, padding=padding)
        self.text_norm_1 = ChannelNorm(filter_channels)
        self.text_conv_2 = nn.Conv1d(filter_channels, filter_channels, kernel_size, padding=padding)
        self.text_norm_2 = ChannelNorm(filter_channels)
        self.duration_projection = nn.Conv1d(1, filter_channels, 1)
        self.joint_conv_1 = nn.Conv1d(2 * filter_channels, filter_channels, kernel_size, padding=padding)
        self.joint_norm_1 = ChannelNorm(filter_channels)
        self.joint_conv_2 = nn.Conv1d(filter_channels, filter_channels, kernel_size, padding=padding)
        self.joint_norm_2 = ChannelNorm(filter_channels)
        self.output = nn.Linear(filter_channels, 1)

    def forward(
        self,
        hidden: Float[Tensor, "batch hidden tokens"],
        mask: Float[Tensor, "batch 1 tokens"],
        log_durations: Float[Tensor, "batch 1 tokens"],
    ) -> Float[Tensor, "batch tokens 1"]:
        """The probability, per token, that its duration is real."""
        text = self.text_norm_1(torch.relu(self.text_conv_1(hidden.detach() * mask)))
        text = self.text_norm_2(torch.relu(self.text_conv_2(text * mask)))
        joint = torch.cat((text, self.duration_projection(log_durations)), dim=1)
        joint = self.joint_norm_1(torch.relu(self.joint_conv_1(joint * mask)))
        joint = self.joint_norm_2(torch.relu(self.joint_conv_2(joint * mask)))
        return torch.sigmoid(self.output((joint * mask).mT))


def _groups_that_fit(groups: int, *channels: int) -> int:
    """The largest number of groups, up to the wanted one, that a thinner discriminator's channels allow."""
    return next(n for n in range(groups, 0, -1) if all(c % n == 0 for c in channels))
