"""Coupling steps, and the flow that is made of them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn


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


class ResidualCoupling(Coupling):
    """A coupling added to its own input: one half is doubled, the other doubled and shifted."""

    def forward(
        self,
        z: Float[Tensor, "batch latent frames"],
        mask: Float[Tensor, "batch 1 frames"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> Float[Tensor, "batch latent frames"]:
        return z + super().forward(z, mask, speaker)

    def inverse(
        self,
        z: Float[Tensor, "batch latent frames"],
        mask: Float[Tensor, "batch 1 frames"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> Float[Tensor, "batch latent frames"]:
        doubled, moved = z.chunk(2, dim=1)
        kept = doubled / 2
        return torch.cat((kept, (moved - self.shift(kept, mask, speaker)) / 2 * mask), dim=1)


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


def zero_initialised(conv: nn.Conv1d) -> nn.Conv1d:
    """A projection that gives 0 at first, so that every coupling starts as the identity."""
    nn.init.zeros_(conv.weight)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv
