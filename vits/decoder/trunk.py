"""The upsampling trunk that all decoders share (Kong et al., HiFi-GAN, 2020, section 2.2)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vits.common.errors import InputError
from vits.decoder.conditioning import Unconditioned
from vits.decoder.ending import Lengths, end_mask, masked, scaled
from vits.decoder.resblock import SLOPE, ResBlock
from vits.layers import weight_normed

LAST_SLOPE = 0.01


class UpsamplingTrunk(nn.Module):
    """Transposed convolutions, each followed by the mean of residual blocks with different kernels.

    `first` brings the latent to `initial_channels`; every stage halves them. `conditioning` may be replaced by a
    module that tells each stage the speaker.
    """

    def __init__(
        self,
        first: nn.Module,
        initial_channels: int,
        upsample_rates: Sequence[int],
        upsample_kernel_sizes: Sequence[int],
        resblock_kernel_sizes: Sequence[int],
        resblock_dilations: Sequence[Sequence[int]],
        resblock: ResBlock,
    ) -> None:
        super().__init__()
        _check_upsampling(initial_channels, upsample_rates, upsample_kernel_sizes)
        if len(resblock_kernel_sizes) != len(resblock_dilations):
            raise InputError(
                f"resblock_kernel_sizes={list(resblock_kernel_sizes)} and resblock_dilations="
                f"{[list(dilations) for dilations in resblock_dilations]} must be equally many"
            )
        self.rates = tuple(upsample_rates)
        self.upsampling = math.prod(upsample_rates)
        self.stage_channels = [initial_channels // 2 ** (stage + 1) for stage in range(len(upsample_rates))]
        self.channels = self.stage_channels[-1]
        self.conditioning: nn.Module = Unconditioned()
        self.input = first
        self.upsamplers = nn.ModuleList()
        self.resblocks = nn.ModuleList()
        for stage, (rate, kernel_size) in enumerate(zip(upsample_rates, upsample_kernel_sizes, strict=True)):
            channels = self.stage_channels[stage]
            self.upsamplers.append(
                weight_normed(
                    nn.ConvTranspose1d(2 * channels, channels, kernel_size, rate, padding=(kernel_size - rate) // 2)
                )
            )
            self.resblocks.append(
                nn.ModuleList(
                    resblock(channels, size, dilations)
                    for size, dilations in zip(resblock_kernel_sizes, resblock_dilations, strict=True)
                )
            )

    def forward(
        self,
        z: Float[Tensor, "batch latent frames"],
        speaker: Float[Tensor, "batch gin 1"],
        lengths: Lengths | None = None,
    ) -> Float[Tensor, "batch channels time"]:
        """`z` is zero behind the `lengths`, in frames, and so is what comes out behind their multiples."""
        return self.upsample(self.input(z), speaker, lengths)

    def upsample(
        self,
        x: Float[Tensor, "batch initial frames"],
        speaker: Float[Tensor, "batch gin 1"],
        lengths: Lengths | None = None,
    ) -> Float[Tensor, "batch channels time"]:
        """All stages, on what the first layer gave."""
        x = masked(x, end_mask(lengths, x))
        for stage, (rate, upsampler, resblocks) in enumerate(
            zip(self.rates, self.upsamplers, self.resblocks, strict=True)
        ):
            x = upsampler(nn.functional.leaky_relu(x, SLOPE))
            lengths = scaled(lengths, rate)
            mask = end_mask(lengths, x)
            x = masked(x, mask)
            x = torch.stack([block(x, mask) for block in resblocks]).mean(dim=0)  # pyright: ignore[reportGeneralTypeIssues]
            x = masked(self.conditioning(stage, x, speaker), mask)
        return nn.functional.leaky_relu(x, LAST_SLOPE)


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
