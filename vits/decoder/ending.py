"""Where each item of a padded batch ends, so that a decoder makes of it what it makes of it alone.

A convolution near an item's end reads beyond it. Of an item alone it reads the zeros of its own padding; in a
batch it would read what earlier layers made of the batch's padding. So every layer that reads along time is given
zeros there. Without lengths a decoder treats its whole input as valid: segments in training, and the reference.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from vits.layers import length_mask

Lengths = Int64[Tensor, "batch"]
Mask = Float[Tensor, "batch 1 time"]


def end_mask(lengths: Lengths | None, x: Float[Tensor, "batch channels time"]) -> Mask | None:
    """1 before the end of each item of `x` and 0 behind it, in the type of `x`; none if nothing is padded."""
    return None if lengths is None else length_mask(lengths, x.shape[2]).to(x.dtype)


def scaled(lengths: Lengths | None, rate: int, more: int = 0) -> Lengths | None:
    """The lengths after upsampling by `rate`, and so many positions more."""
    return None if lengths is None else lengths * rate + more


def masked(x: Float[Tensor, "batch channels time"], mask: Mask | None) -> Float[Tensor, "batch channels time"]:
    """`x` with zeros behind each item's end."""
    return x if mask is None else x * mask


def plus_masked(
    x: Float[Tensor, "batch channels time"], residual: Float[Tensor, "batch channels time"], mask: Mask | None
) -> Float[Tensor, "batch channels time"]:
    """A residual sum that leaves what stands behind each item's end as it is in `x`, in one pass over memory."""
    return x + residual if mask is None else torch.addcmul(x, residual, mask.to(residual.dtype))
