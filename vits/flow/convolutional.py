"""Flows whose shifts come from a WaveNet stack, alone or behind a transformer."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from vits.attention import TransformerEncoder
from vits.common.sizes import Channels, Count, KernelSize, LatentChannels, SpeakerChannels, Steps
from vits.flow.coupling import CouplingFlow, zero_initialised
from vits.layers import stored_only
from vits.wavenet import WaveNet


class WaveNetShift(nn.Module):
    """The shift of VITS: a WaveNet stack that is told the speaker."""

    def __init__(
        self, channels: int, hidden_channels: int, kernel_size: int, n_layers: int, speaker_channels: int
    ) -> None:
        super().__init__()
        self.input = nn.Conv1d(channels, hidden_channels, 1)
        self.wavenet = WaveNet(hidden_channels, kernel_size, n_layers, speaker_channels=speaker_channels)
        self.projection = zero_initialised(nn.Conv1d(hidden_channels, channels, 1))

    def forward(
        self,
        kept: Float[Tensor, "batch half frames"],
        mask: Float[Tensor, "batch 1 frames"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> Float[Tensor, "batch half frames"]:
        return self.projection(self.wavenet(self.input(kept) * mask, mask, speaker)) * mask


class PreConvShift(WaveNetShift):
    """`pre_conv`: two layers of residual attention on the half channels, before the input of the stack.

    The transformer behind the stack is one that the reference stores and never uses.
    """

    def __init__(
        self, channels: int, hidden_channels: int, kernel_size: int, n_layers: int, speaker_channels: int
    ) -> None:
        super().__init__(channels, hidden_channels, kernel_size, n_layers, speaker_channels)
        self.transformer = half_channel_transformer(channels)
        self.unused_transformer = stored_only(half_channel_transformer(hidden_channels))

    def forward(
        self,
        kept: Float[Tensor, "batch half frames"],
        mask: Float[Tensor, "batch 1 frames"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> Float[Tensor, "batch half frames"]:
        return super().forward(kept + self.transformer(kept, mask), mask, speaker)


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
        self.projection = zero_initialised(nn.Conv1d(hidden_channels, channels, 1))

    def forward(
        self,
        kept: Float[Tensor, "batch half frames"],
        mask: Float[Tensor, "batch 1 frames"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> Float[Tensor, "batch half frames"]:
        hidden = self.input(kept) * mask
        hidden = hidden + self.transformer(hidden, mask)
        return self.projection(self.wavenet(hidden, mask, speaker)) * mask


class PlainFlow(CouplingFlow):
    """The flow of VITS: couplings with a WaveNet stack each (VITS, section 2.5.3)."""

    def __init__(
        self,
        latent_channels: LatentChannels,
        hidden_channels: Channels,
        kernel_size: KernelSize,
        n_layers: Count,
        speaker_channels: SpeakerChannels,
        n_steps: Steps = 4,
    ) -> None:
        super().__init__(
            lambda: WaveNetShift(latent_channels // 2, hidden_channels, kernel_size, n_layers, speaker_channels),
            n_steps,
        )


class PreConvFlow(CouplingFlow):
    """The transformer flow `pre_conv`: attention on each half before the convolutions (VITS2, section 2.3)."""

    def __init__(
        self,
        latent_channels: LatentChannels,
        hidden_channels: Channels,
        kernel_size: KernelSize,
        n_layers: Count,
        speaker_channels: SpeakerChannels,
        n_steps: Steps = 4,
    ) -> None:
        super().__init__(
            lambda: PreConvShift(latent_channels // 2, hidden_channels, kernel_size, n_layers, speaker_channels),
            n_steps,
        )


class PreConv2Flow(CouplingFlow):
    """The transformer flow `pre_conv2`: four couplings with a transformer before each WaveNet stack."""

    def __init__(
        self,
        latent_channels: LatentChannels,
        hidden_channels: Channels,
        kernel_size: KernelSize,
        n_layers: Count,
        speaker_channels: SpeakerChannels,
        n_steps: Steps = 4,
    ) -> None:
        super().__init__(
            lambda: PreConv2Shift(latent_channels // 2, hidden_channels, kernel_size, n_layers, speaker_channels),
            n_steps,
        )


def half_channel_transformer(channels: int) -> TransformerEncoder:
    """The small transformer of `pre_conv` and of the mono layers: two layers without relative positions."""
    return TransformerEncoder(channels, channels, n_heads=2, n_layers=2, kernel_size=3, window=None, dropout=0.1)
