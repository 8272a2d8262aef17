"""Small pieces that every part of the model is made of."""

from __future__ import annotations

from typing import TypeVar

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm
from torch.nn.utils.parametrize import is_parametrized, remove_parametrizations

AnyModule = TypeVar("AnyModule", bound=nn.Module)


def weight_normed(conv: AnyModule) -> AnyModule:
    """The convolution with its weight split into length and direction, one length per index of dimension 0.

    Salimans and Kingma, Weight Normalization, 2016, equation 2.
    """
    weight_norm(conv, "weight", dim=0)
    return conv


def fold_weight_norm(module: nn.Module) -> None:
    """Make normed weights plain tensors, in place: a copy shares the classes that this changes."""
    for part in module.modules():
        if is_parametrized(part, "weight"):
            remove_parametrizations(part, "weight", leave_parametrized=True)


def same_padding(kernel_size: int, dilation: int = 1) -> int:
    """Zeros to put on each side of an odd kernel so that a convolution keeps the length."""
    return (kernel_size - 1) * dilation // 2


def length_mask(lengths: Int64[Tensor, "batch"], longest: int | None = None) -> Float[Tensor, "batch 1 time"]:
    """1 on the valid positions of each item and 0 on its padding."""
    positions = torch.arange(lengths.max().item() if longest is None else longest, device=lengths.device)
    valid: Bool[Tensor, "batch time"] = positions < lengths.unsqueeze(1)
    return valid.unsqueeze(1).float()


class SpeakerProjection(nn.Conv1d):
    """What a speaker embedding adds to `out_channels` channels. An embedding without channels adds nothing."""

    def __init__(self, speaker_channels: int, out_channels: int) -> None:
        super().__init__(speaker_channels, out_channels, 1)

    def forward(self, speaker: Float[Tensor, "batch gin 1"]) -> Float[Tensor, "batch out 1"]:  # pyright: ignore[reportIncompatibleMethodOverride]
        if not speaker.shape[1]:
            return speaker.new_zeros(speaker.shape[0], self.out_channels, 1)
        return super().forward(speaker)


class NoSpeakerProjection(nn.Module):
    """The same of a model that has no speaker embedding: nothing is added, and nothing learned."""

    def __init__(self, out_channels: int) -> None:
        super().__init__()
        self.out_channels = out_channels

    def forward(self, speaker: Float[Tensor, "batch 0 1"]) -> Float[Tensor, "batch out 1"]:
        return speaker.new_zeros(speaker.shape[0], self.out_channels, 1)


def speaker_projection(speaker_channels: int, out_channels: int, *, normed: bool = False) -> nn.Module:
    """The projection for embeddings of so many channels, which may be 0."""
    if not speaker_channels:
        return NoSpeakerProjection(out_channels)
    projection = SpeakerProjection(speaker_channels, out_channels)
    return weight_normed(projection) if normed else projection


def stored_only(module: AnyModule) -> AnyModule:
    """A module that the reference stores and never uses.

    Its parameters become buffers: they are loaded and saved by their names, and no optimizer sees them.
    """
    for part in module.modules():
        for name, parameter in list(part.named_parameters(recurse=False)):
            delattr(part, name)
            part.register_buffer(name, parameter.detach())
    return module


class ChannelNorm(nn.Module):
    """Layer normalisation over the channels of [batch, channels, time]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels))
        self.beta = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Float[Tensor, "batch channels time"]) -> Float[Tensor, "batch channels time"]:
        normed = nn.functional.layer_norm(x.mT, self.gamma.shape, self.gamma, self.beta, eps=1e-5)
        return normed.mT
