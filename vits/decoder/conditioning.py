"""Telling a decoder the speaker, stage by stage.

The iSTFT decoders never see the speaker embedding: timbre reaches them in the latent alone. A conditioning is a
module with the signature of `FilmConditioning` that changes what each stage of the trunk gives.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Unconditioned(nn.Module):
    """The stages stay as they are."""

    def forward(
        self, stage: int, x: Float[Tensor, "batch channels time"], speaker: Float[Tensor, "batch gin 1"]
    ) -> Float[Tensor, "batch channels time"]:
        return x


class FilmConditioning(nn.Module):
    """Scales and shifts every channel of every stage by an affine function of the speaker embedding.

    It begins at zero, so that before training the decoder computes exactly what it did without.
    Perez et al., FiLM: Visual Reasoning with a General Conditioning Layer, 2018, equation 1.
    """

    def __init__(self, stage_channels: Sequence[int], speaker_channels: int) -> None:
        super().__init__()
        self.stages = nn.ModuleList(nn.Linear(speaker_channels, 2 * channels) for channels in stage_channels)
        for parameter in self.parameters():
            nn.init.zeros_(parameter)

    def forward(
        self, stage: int, x: Float[Tensor, "batch channels time"], speaker: Float[Tensor, "batch gin 1"]
    ) -> Float[Tensor, "batch channels time"]:
        scale, shift = torch.chunk(self.stages[stage](speaker.squeeze(2)).unsqueeze(2), 2, dim=1)
        return x * (1 + scale) + shift
