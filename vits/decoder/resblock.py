"""The residual blocks of HiFi-GAN's generator (Kong et al., HiFi-GAN, 2020, appendix A.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jaxtyping import Float
from torch import Tensor, nn

from vits.decoder.ending import Mask, masked, plus_masked
from vits.layers import same_padding, weight_normed

SLOPE = 0.1

ResBlock = Callable[[int, int, Sequence[int]], nn.Module]  # of channels, kernel size and dilations


def _dilated(channels: int, kernel_size: int, dilation: int) -> nn.Conv1d:
    padding = same_padding(kernel_size, dilation)
    return weight_normed(nn.Conv1d(channels, channels, kernel_size, dilation=dilation, padding=padding))


class ResBlock1(nn.Module):
    """HiFi-GAN's first residual block: pairs of a dilated and a plain convolution."""

    def __init__(self, channels: int, kernel_size: int, dilations: Sequence[int]) -> None:
        super().__init__()
        self.dilated = nn.ModuleList(_dilated(channels, kernel_size, dilation) for dilation in dilations)
        self.plain = nn.ModuleList(_dilated(channels, kernel_size, 1) for _ in dilations)

    def forward(
        self, x: Float[Tensor, "batch channels time"], mask: Mask | None = None
    ) -> Float[Tensor, "batch channels time"]:
        """`x` is zero where `mask` is, and so is what comes out."""
        for dilated, plain in zip(self.dilated, self.plain, strict=True):
            hidden = masked(dilated(nn.functional.leaky_relu(x, SLOPE)), mask)
            x = plus_masked(x, plain(nn.functional.leaky_relu(hidden, SLOPE)), mask)
        return x


class ResBlock2(nn.Module):
    """HiFi-GAN's second residual block, of its smallest generator: dilated convolutions only."""

    def __init__(self, channels: int, kernel_size: int, dilations: Sequence[int]) -> None:
        super().__init__()
        self.dilated = nn.ModuleList(_dilated(channels, kernel_size, dilation) for dilation in dilations)

    def forward(
        self, x: Float[Tensor, "batch channels time"], mask: Mask | None = None
    ) -> Float[Tensor, "batch channels time"]:
        """`x` is zero where `mask` is, and so is what comes out."""
        for dilated in self.dilated:
            x = plus_masked(x, dilated(nn.functional.leaky_relu(x, SLOPE)), mask)
        return x
