"""The normalising flow over two channels that the stochastic duration predictor is made of."""

from __future__ import annotations

import math

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from vits.batch_rows import RowDropout
from vits.duration_predictor.spline import Spline, spline_forward, spline_from_logits, spline_inverse
from vits.layers import ChannelNorm, same_padding

CHANNELS = 2  # a log-duration and a variable that augments it


class DilatedStack(nn.Module):
    """Residual blocks of a depthwise dilated and a 1x1 convolution; the dilation grows with the kernel's power."""

    def __init__(self, channels: int, kernel_size: int, n_layers: int, dropout: float) -> None:
        super().__init__()
        self.depthwise = nn.ModuleList()
        for dilation in (kernel_size**layer for layer in range(n_layers)):
            padding = same_padding(kernel_size, dilation)
            self.depthwise.append(
                nn.Conv1d(channels, channels, kernel_size, dilation=dilation, padding=padding, groups=channels)
            )
        self.depthwise_norms = nn.ModuleList(ChannelNorm(channels) for _ in range(n_layers))
        self.pointwise = nn.ModuleList(nn.Conv1d(channels, channels, 1) for _ in range(n_layers))
        self.pointwise_norms = nn.ModuleList(ChannelNorm(channels) for _ in range(n_layers))
        self.dropout = RowDropout(dropout)

    def forward(
        self, x: Float[Tensor, "batch channels tokens"], mask: Float[Tensor, "batch 1 tokens"]
    ) -> Float[Tensor, "batch channels tokens"]:
        layers = zip(self.depthwise, self.depthwise_norms, self.pointwise, self.pointwise_norms, strict=True)
        for depthwise, depthwise_norm, pointwise, pointwise_norm in layers:
            hidden = nn.functional.gelu(depthwise_norm(depthwise(x * mask)))
            hidden = nn.functional.gelu(pointwise_norm(pointwise(hidden)))
            x = x + self.dropout(hidden)
        return x * mask


class AffineStep(nn.Module):
    """Scale and shift each channel by learned constants."""

    def __init__(self) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(CHANNELS, 1))
        self.log_scale = nn.Parameter(torch.zeros(CHANNELS, 1))

    def forward(
        self, z: Float[Tensor, "batch 2 tokens"], mask: Float[Tensor, "batch 1 tokens"]
    ) -> tuple[Float[Tensor, "batch 2 tokens"], Float[Tensor, "batch"]]:
        return (self.shift + torch.exp(self.log_scale) * z) * mask, (self.log_scale * mask).sum((1, 2))

    def inverse(
        self, z: Float[Tensor, "batch 2 tokens"], mask: Float[Tensor, "batch 1 tokens"]
    ) -> Float[Tensor, "batch 2 tokens"]:
        return (z - self.shift) * torch.exp(-self.log_scale) * mask


class SplineStep(nn.Module):
    """Bend the second channel by a spline that the first channel and a condition choose (Durkan et al., 2019)."""

    def __init__(self, filter_channels: int, kernel_size: int, n_layers: int, n_bins: int) -> None:
        super().__init__()
        self.n_bins = n_bins
        self.logit_scale = 1 / math.sqrt(filter_channels)
        self.input = nn.Conv1d(CHANNELS // 2, filter_channels, 1)
        self.convs = DilatedStack(filter_channels, kernel_size, n_layers, dropout=0.0)
        self.projection = nn.Conv1d(filter_channels, 3 * n_bins - 1, 1)
        nn.init.zeros_(self.projection.weight)
        nn.init.zeros_(self.projection.bias)  # pyright: ignore[reportArgumentType]

    def forward(
        self,
        z: Float[Tensor, "batch 2 tokens"],
        mask: Float[Tensor, "batch 1 tokens"],
        condition: Float[Tensor, "batch filter tokens"],
    ) -> tuple[Float[Tensor, "batch 2 tokens"], Float[Tensor, "batch"]]:
        kept, moved = z.chunk(2, dim=1)
        moved, log_slope = spline_forward(moved, self._spline(kept, mask, condition))
        return torch.cat((kept, moved), dim=1) * mask, (log_slope * mask).sum((1, 2))

    def inverse(
        self,
        z: Float[Tensor, "batch 2 tokens"],
        mask: Float[Tensor, "batch 1 tokens"],
        condition: Float[Tensor, "batch filter tokens"],
    ) -> Float[Tensor, "batch 2 tokens"]:
        kept, moved = z.chunk(2, dim=1)
        moved, _ = spline_inverse(moved, self._spline(kept, mask, condition))
        return torch.cat((kept, moved), dim=1) * mask

    def _spline(self, kept: Tensor, mask: Tensor, condition: Tensor) -> Spline:
        hidden = self.convs(self.input(kept) + condition, mask)
        logits = rearrange(self.projection(hidden) * mask, "batch logits tokens -> batch 1 tokens logits")
        widths, heights, slopes = logits.split((self.n_bins, self.n_bins, self.n_bins - 1), dim=-1)
        return spline_from_logits(widths * self.logit_scale, heights * self.logit_scale, slopes)


class DurationFlow(nn.Module):
    """An affine step, then spline steps, each followed by a swap of the two channels."""

    def __init__(self, filter_channels: int, kernel_size: int, n_layers: int, n_bins: int, n_steps: int) -> None:
        super().__init__()
        self.affine = AffineStep()
        self.splines = nn.ModuleList(SplineStep(filter_channels, kernel_size, n_layers, n_bins) for _ in range(n_steps))

    def forward(
        self,
        z: Float[Tensor, "batch 2 tokens"],
        mask: Float[Tensor, "batch 1 tokens"],
        condition: Float[Tensor, "batch filter tokens"],
    ) -> tuple[Float[Tensor, "batch 2 tokens"], Float[Tensor, "batch"]]:
        """Where z goes, and the logarithm of the Jacobian determinant."""
        z, log_determinant = self.affine(z, mask)
        for spline in self.splines:
            z, more = spline(z, mask, condition)
            z, log_determinant = z.flip(1), log_determinant + more
        return z, log_determinant

    def inverse(
        self,
        z: Float[Tensor, "batch 2 tokens"],
        mask: Float[Tensor, "batch 1 tokens"],
        condition: Float[Tensor, "batch filter tokens"],
    ) -> Float[Tensor, "batch 2 tokens"]:
        """Where z came from."""
        for spline in reversed(self.splines):
            z = spline.inverse(z.flip(1), mask, condition)  # pyright: ignore[reportCallIssue]
        return self.affine.inverse(z, mask)

    def sample(
        self,
        z: Float[Tensor, "batch 2 tokens"],
        mask: Float[Tensor, "batch 1 tokens"],
        condition: Float[Tensor, "batch filter tokens"],
    ) -> Float[Tensor, "batch 1 tokens"]:
        """The first channel of the inverse, as VITS draws it.

        The first spline bends only the other channel, so it's left out.
        """
        for spline in reversed(self.splines[1:]):  # pyright: ignore[reportArgumentType]
            z = spline.inverse(z.flip(1), mask, condition)  # pyright: ignore[reportCallIssue]
        return self.affine.inverse(z.flip(1), mask)[:, :1]
