"""The transformer flow `fft`: shifts from a causal transformer that is told the speaker."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vits.attention import CausalFeedForward, TransformerLayer
from vits.common.errors import InputError
from vits.common.sizes import Channels, Count, Heads, KernelSize, LatentChannels, SpeakerChannels, Steps
from vits.flow.coupling import CouplingFlow, zero_initialised
from vits.layers import weight_normed


class GatedCausalTransformer(nn.Module):
    """Transformer layers in which frames see only those before them, each behind a gate that the speaker moves."""

    def __init__(
        self,
        channels: int,
        filter_channels: int,
        n_heads: int,
        n_layers: int,
        kernel_size: int,
        speaker_channels: int,
    ) -> None:
        super().__init__()
        if not speaker_channels:
            raise InputError(
                "speaker_channels=0 leaves the gate of the flow fft nothing to hear; "
                "take another flow for a model of one voice"
            )
        self.gate = nn.Conv1d(channels, 2 * channels, 1)  # the layers share it
        self.speaker_projection = weight_normed(nn.Conv1d(speaker_channels, 2 * channels * n_layers, 1))
        self.layers = nn.ModuleList(
            TransformerLayer(
                channels,
                filter_channels,
                n_heads=n_heads,
                kernel_size=kernel_size,
                window=None,
                dropout=0.0,
                feed_forward=CausalFeedForward,
            )
            for _ in range(n_layers)
        )

    def forward(
        self,
        x: Float[Tensor, "batch channels time"],
        mask: Float[Tensor, "batch 1 time"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> Float[Tensor, "batch channels time"]:
        x = x * mask
        # padding comes last, so no valid frame sees any
        earlier = torch.ones(x.shape[2], x.shape[2], device=x.device).tril().expand(x.shape[0], 1, -1, -1)
        speaker_terms = self.speaker_projection(speaker).chunk(len(self.layers), dim=1)
        for layer, speaker_term in zip(self.layers, speaker_terms, strict=True):
            filtered, gated = (self.gate(x) + speaker_term).chunk(2, dim=1)
            x = layer(torch.tanh(filtered) * torch.sigmoid(gated), mask, earlier)
        return x * mask


class CausalShift(nn.Module):
    """The shift of `fft`: a gated causal transformer with a residual around it."""

    def __init__(
        self,
        channels: int,
        hidden_channels: int,
        filter_channels: int,
        n_heads: int,
        n_layers: int,
        kernel_size: int,
        speaker_channels: int,
    ) -> None:
        super().__init__()
        self.input = nn.Conv1d(channels, hidden_channels, 1)
        self.transformer = GatedCausalTransformer(
            hidden_channels, filter_channels, n_heads, n_layers, kernel_size, speaker_channels
        )
        self.projection = zero_initialised(nn.Conv1d(hidden_channels, channels, 1))

    def forward(
        self,
        kept: Float[Tensor, "batch half frames"],
        mask: Float[Tensor, "batch 1 frames"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> Float[Tensor, "batch half frames"]:
        hidden = self.input(kept) * mask
        return self.projection(hidden + self.transformer(hidden, mask, speaker)) * mask


class CausalFlow(CouplingFlow):
    """The transformer flow `fft`: couplings without any WaveNet stack."""

    def __init__(
        self,
        latent_channels: LatentChannels,
        hidden_channels: Channels,
        filter_channels: Channels,
        n_heads: Heads,
        n_layers: Count,
        kernel_size: KernelSize,
        speaker_channels: SpeakerChannels,
        n_steps: Steps = 4,
    ) -> None:
        super().__init__(
            lambda: CausalShift(
                latent_channels // 2,
                hidden_channels,
                filter_channels,
                n_heads,
                n_layers,
                kernel_size,
                speaker_channels,
            ),
            n_steps,
        )
