"""A decoder that stays at the frame rate: ConvNeXt blocks, and one inverse STFT as long as the analysis.

Siuzdak, Vocos: Closing the gap between time-domain and Fourier-based neural vocoders, 2023, section 3; the blocks
are those of Liu et al., A ConvNet for the 2020s, 2022. All its products are of wide matrices, a few hundred
rows for a second of audio, which is what processors do best: `docs/pretraining.md` compares it with the
upsampling decoders at equal time.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vits.common.sizes import Channels, Count, FFTSize, HopLength, LatentChannels
from vits.decoder.conditioning import Unconditioned
from vits.decoder.decoded import DecodedAudio
from vits.decoder.ending import Lengths, Mask, end_mask
from vits.istft import InverseSTFT
from vits.layers import same_padding

LARGEST_LOG_MAGNITUDE = 4.6  # e^4.6 = 100, far above speech: keeps an untrained exponential from overflowing
KERNEL_SIZE = 7
INITIAL_DEVIATION = 0.02


class ConvNeXtBlock(nn.Module):
    """A depthwise convolution over time, then a two-layer network of each frame, added at a learned scale."""

    def __init__(self, channels: int, hidden_channels: int, initial_scale: float) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(channels, channels, KERNEL_SIZE, padding=same_padding(KERNEL_SIZE), groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.expand = nn.Linear(channels, hidden_channels)
        self.contract = nn.Linear(hidden_channels, channels)
        self.scale = nn.Parameter(torch.full((channels,), initial_scale))

    def forward(
        self, x: Float[Tensor, "batch frames channels"], mask: Mask | None = None
    ) -> Float[Tensor, "batch frames channels"]:
        mixed = self.norm(self.depthwise((x if mask is None else x * mask.mT).mT).mT)
        return torch.addcmul(x, self.contract(nn.functional.gelu(self.expand(mixed))), self.scale)


class ConvNeXtTrunk(nn.Module):
    """All blocks, from the latent to normalised features of each frame.

    `conditioning` may be replaced by a module that tells each block's result the speaker.
    """

    def __init__(self, latent_channels: int, channels: int, hidden_channels: int, n_blocks: int) -> None:
        super().__init__()
        self.stage_channels = [channels] * n_blocks
        self.conditioning: nn.Module = Unconditioned()
        self.input = nn.Conv1d(latent_channels, channels, KERNEL_SIZE, padding=same_padding(KERNEL_SIZE))
        self.input_norm = nn.LayerNorm(channels)
        self.blocks = nn.ModuleList(ConvNeXtBlock(channels, hidden_channels, 1 / n_blocks) for _ in range(n_blocks))
        self.output_norm = nn.LayerNorm(channels)

    def forward(
        self,
        z: Float[Tensor, "batch latent frames"],
        speaker: Float[Tensor, "batch gin 1"],
        lengths: Lengths | None = None,
    ) -> Float[Tensor, "batch frames channels"]:
        """`z` is zero behind the `lengths`; what comes out there means nothing."""
        x = self.input_norm(self.input(z).mT)
        mask = end_mask(lengths, z)
        for stage, block in enumerate(self.blocks):
            x = self.conditioning(stage, block(x, mask).mT, speaker).mT
        return self.output_norm(x)


class ConvNeXtISTFTDecoder(nn.Module):
    """Magnitude and phase of every frame at once, and their inverse STFT. It never sees the speaker."""

    def __init__(
        self,
        latent_channels: LatentChannels,
        channels: Channels,
        hidden_channels: Channels,
        n_blocks: Count,
        n_fft: FFTSize = 1024,
        hop_length: HopLength = 256,
    ) -> None:
        super().__init__()
        self.samples_per_frame = hop_length
        self.trunk = ConvNeXtTrunk(latent_channels, channels, hidden_channels, n_blocks)
        self.output = nn.Linear(channels, n_fft + 2)
        self.istft = InverseSTFT(n_fft, hop_length)
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Conv1d)):
                nn.init.trunc_normal_(module.weight, std=INITIAL_DEVIATION)
                nn.init.zeros_(module.bias)  # pyright: ignore[reportArgumentType]

    def forward(
        self,
        z: Float[Tensor, "batch latent frames"],
        speaker: Float[Tensor, "batch gin 1"],
        lengths: Lengths | None = None,
    ) -> DecodedAudio:
        """The audio of latents that are zero behind their `lengths`, in frames; without them all is valid."""
        hidden = self.trunk(z, speaker, lengths)
        with torch.autocast(z.device.type, enabled=False):  # phase needs more than 8 bits
            # n + 1 frames centred on the ends of n hops, as in iSTFTNet; a single frame can be repeated, not reflected
            spectra = nn.functional.pad(self.output(hidden.float()).mT, (1, 0), mode="replicate")
            log_magnitude, phase = spectra.chunk(2, dim=1)
            audio = self.istft(torch.exp(log_magnitude.clamp(max=LARGEST_LOG_MAGNITUDE)), phase, lengths)
        return DecodedAudio(audio.unsqueeze(1), None)
