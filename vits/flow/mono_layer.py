"""Flows that follow every plain coupling with a transformer of its own, the mono layer (VITS2, figure 1b)."""

from __future__ import annotations

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn

from vits.common.sizes import Channels, Count, KernelSize, LatentChannels, SpeakerChannels, Steps
from vits.flow.convolutional import PlainFlow, half_channel_transformer
from vits.flow.coupling import Coupling, ResidualCoupling, zero_initialised


class TransformerShift(nn.Module):
    """A shift from attention among the frames of one half. It is not told the speaker."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.transformer = half_channel_transformer(channels)
        self.projection = zero_initialised(nn.Conv1d(channels, channels, 1))

    def forward(
        self,
        kept: Float[Tensor, "batch half frames"],
        mask: Float[Tensor, "batch 1 frames"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> Float[Tensor, "batch half frames"]:
        return self.projection(self.transformer(kept, mask)) * mask


class ResidualTransformerShift(TransformerShift):
    """The same, with a residual around the attention."""

    def forward(
        self,
        kept: Float[Tensor, "batch half frames"],
        mask: Float[Tensor, "batch 1 frames"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> Float[Tensor, "batch half frames"]:
        return self.projection(kept + self.transformer(kept, mask)) * mask


class _MonoLayerFlow(PlainFlow):
    """A plain coupling, a reversal of the channels and a mono layer, in turn."""

    def __init__(
        self,
        latent_channels: int,
        hidden_channels: int,
        kernel_size: int,
        n_layers: int,
        speaker_channels: int,
        n_steps: int,
        new_mono_layer: Callable[[int], Coupling],
    ) -> None:
        super().__init__(latent_channels, hidden_channels, kernel_size, n_layers, speaker_channels, n_steps)
        self.mono_layers = nn.ModuleList(new_mono_layer(latent_channels // 2) for _ in range(n_steps))

    def forward(
        self,
        z: Float[Tensor, "batch latent frames"],
        mask: Float[Tensor, "batch 1 frames"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> Float[Tensor, "batch latent frames"]:
        for coupling, mono_layer in zip(self.couplings, self.mono_layers, strict=True):
            z = mono_layer(coupling(z, mask, speaker).flip(1), mask, speaker)
        return z

    def inverse(
        self,
        z: Float[Tensor, "batch latent frames"],
        mask: Float[Tensor, "batch 1 frames"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> Float[Tensor, "batch latent frames"]:
        for coupling, mono_layer in zip(reversed(self.couplings), reversed(self.mono_layers), strict=True):
            z = mono_layer.inverse(z, mask, speaker)  # pyright: ignore[reportCallIssue]
            z = coupling.inverse(z.flip(1), mask, speaker)  # pyright: ignore[reportCallIssue]
        return z


class MonoLayerInterResidualFlow(_MonoLayerFlow):
    """The transformer flow `mono_layer_inter_residual`: the residual lies inside the mono layer's shift."""

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
            latent_channels,
            hidden_channels,
            kernel_size,
            n_layers,
            speaker_channels,
            n_steps,
            lambda channels: Coupling(ResidualTransformerShift(channels)),
        )


class MonoLayerPostResidualFlow(_MonoLayerFlow):
    """The transformer flow `mono_layer_post_residual`: the residual lies around the mono layer.

    It doubles the latent at every step, so its log-determinant is a constant and the losses leave it out.
    """

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
            latent_channels,
            hidden_channels,
            kernel_size,
            n_layers,
            speaker_channels,
            n_steps,
            lambda channels: ResidualCoupling(TransformerShift(channels)),
        )
