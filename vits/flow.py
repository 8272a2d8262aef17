"""Normalising flows between the posterior's latent and the text's prior (VITS, section 2.1.2; VITS2, 2.3).

A flow is a sequence of invertible steps. Each step here shifts one half of the channels by an amount that is
computed from the other half, so it is inverted by subtracting the same amount, and its Jacobian determinant
is 1. A variant is a way to compute the shift: one `nn.Module` with the signature of `PreConv2Shift`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vits.attention import TransformerEncoder
from vits.wavenet import WaveNet


class Coupling(nn.Module):
    """Shift the second half of the channels by a function of the first half (Dinh et al., NICE, 2014)."""

    def __init__(self, shift: nn.Module) -> None:
        super().__init__()
        self.shift = shift

    def forward(
        self,
        z: Float[Tensor, "batch latent frames"],
        mask: Float[Tensor, "batch 1 frames"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> Float[Tensor, "batch latent frames"]:
        kept, moved = z.chunk(2, dim=1)
        return torch.cat((kept, self.shift(kept, mask, speaker) + moved * mask), dim=1)

    def inverse(
        self,
        z: Float[Tensor, "batch latent frames"],
        mask: Float[Tensor, "batch 1 frames"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> Float[Tensor, "batch latent frames"]:
        kept, moved = z.chunk(2, dim=1)
        return torch.cat((kept, (moved - self.shift(kept, mask, speaker)) * mask), dim=1)


class PreConv2Shift(nn.Module):
    """`pre_conv2`: a transformer layer of residual attention before the WaveNet stack."""

    def __init__(
        self, channels: int, hidden_channels: int, kernel_size: int, n_layers: int, speaker_channels: int
    ) -> None:
        super().__init__()
        self.input = nn.Conv1d(channels, hidden_channels, 1)
        self.transformer = TransformerEncoder(
            hidden_channels, hidden_channels, n_heads=2, n_layers=1, kernel_size=kernel_size
        )
        self.wavenet = WaveNet(hidden_channels, kernel_size, n_layers, speaker_channels=speaker_channels)
        self.projection = _zero_initialised(nn.Conv1d(hidden_channels, channels, 1))

    def forward(
        self,
        kept: Float[Tensor, "batch half frames"],
        mask: Float[Tensor, "batch 1 frames"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> Float[Tensor, "batch half frames"]:
        hidden = self.input(kept) * mask
        hidden = hidden + self.transformer(hidden, mask)
        return self.projection(self.wavenet(hidden, mask, speaker)) * mask


class CouplingFlow(nn.Module):
    """Coupling steps, each followed by a reversal of the channels so that the halves take turns."""

    def __init__(self, new_shift: Callable[[], nn.Module], n_steps: int) -> None:
        super().__init__()
        self.couplings = nn.ModuleList(Coupling(new_shift()) for _ in range(n_steps))

    def forward(
        self,
        z: Float[Tensor, "batch latent frames"],
        mask: Float[Tensor, "batch 1 frames"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> Float[Tensor, "batch latent frames"]:
        for coupling in self.couplings:
            z = coupling(z, mask, speaker).flip(1)
        return z

    def inverse(
        self,
        z: Float[Tensor, "batch latent frames"],
        mask: Float[Tensor, "batch 1 frames"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> Float[Tensor, "batch latent frames"]:
        for coupling in reversed(self.couplings):
            z = coupling.inverse(z.flip(1), mask, speaker)  # pyright: ignore[reportCallIssue]
        return z


class PreConv2Flow(CouplingFlow):
    """The transformer flow `pre_conv2`: four couplings with a transformer before each WaveNet stack."""

    def __init__(
        self,
        latent_channels: int,
        hidden_channels: int,
        kernel_size: int,
        n_layers: int,
        speaker_channels: int,
        n_steps: int = 4,
    ) -> None:
        super().__init__(
            lambda: PreConv2Shift(latent_channels // 2, hidden_channels, kernel_size, n_layers, speaker_channels),
            n_steps,
        )


def _zero_initialised(conv: nn.Conv1d) -> nn.Conv1d:
    """A projection that gives 0 at first, so that every coupling starts as the identity."""
    nn.init.zeros_(conv.weight)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv
