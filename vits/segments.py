"""Segments of equal length out of the items of a batch."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from vits.batch_rows import BatchNoise, NoiseOfRows


def random_segment_starts(
    lengths: Int64[Tensor, "batch"], segment: int, generator: BatchNoise
) -> Int64[Tensor, "batch"]:
    """A start for each item, uniform over the places where the segment fits (0 where it doesn't)."""
    places = (lengths - segment + 1).clamp_min(1)
    if isinstance(generator, NoiseOfRows):
        drawn = generator.uniform(lengths.shape, lengths.device)
    else:
        drawn = torch.rand(lengths.shape, generator=generator, device=lengths.device)
    return (drawn * places).long()


def slice_segments(
    x: Float[Tensor, "batch channels time"], starts: Int64[Tensor, "batch"], segment: int
) -> Float[Tensor, "batch channels segment"]:
    """The same number of positions of each item, from its own start."""
    index = starts.view(-1, 1, 1) + torch.arange(segment, device=x.device)
    return x.gather(2, index.expand(-1, x.shape[1], -1))
