"""The gated convolution stack of WaveNet, told the speaker at every layer."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vits.common.errors import InputError
from vits.layers import same_padding, speaker_projection, weight_normed


class WaveNet(nn.Module):
    """Non-causal gated convolutions with residual and skip connections; its output is the sum of the skips.

    van den Oord et al., WaveNet, 2016, equation 3, as used by Prenger et al., WaveGlow, 2018.
    """

    def __init__(self, channels: int, kernel_size: int, n_layers: int, *, speaker_channels: int) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise InputError(f"kernel_size={kernel_size} of a WaveNet stack must be odd, so that it keeps the length")
        self.channels = channels
        self.speaker_projection = speaker_projection(speaker_channels, 2 * channels * n_layers, normed=True)
        padding = same_padding(kernel_size)
        self.gates = nn.ModuleList(
            weight_normed(nn.Conv1d(channels, 2 * channels, kernel_size, padding=padding)) for _ in range(n_layers)
        )
        self.outputs = nn.ModuleList(
            weight_normed(nn.Conv1d(channels, channels if index == n_layers - 1 else 2 * channels, 1))
            for index in range(n_layers)
        )

    def forward(
        self,
        x: Float[Tensor, "batch channels time"],
        mask: Float[Tensor, "batch 1 time"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> Float[Tensor, "batch channels time"]:
        speaker_terms = self.speaker_projection(speaker).chunk(len(self.gates), dim=1)
        skips = torch.zeros_like(x)
        last = len(self.gates) - 1
        for index, (gate, output, speaker_term) in enumerate(zip(self.gates, self.outputs, speaker_terms, strict=True)):
            filtered, gated = (gate(x) + speaker_term).chunk(2, dim=1)
            out = output(torch.tanh(filtered) * torch.sigmoid(gated))
            if index < last:
                residual, skip = out.chunk(2, dim=1)
                x = (x + residual) * mask
            else:
                skip = out
            skips = skips + skip
        return skips * mask
