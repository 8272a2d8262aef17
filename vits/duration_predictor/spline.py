"""Monotonic rational-quadratic splines with linear tails.

Durkan et al., Neural Spline Flows, 2019, section 3.1 and appendix A.1.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

TAIL_BOUND = 5.0  # outside [-5, 5] the spline is the identity
MIN_WIDTH = 1e-3
MIN_HEIGHT = 1e-3
MIN_SLOPE = 1e-3


class Spline(NamedTuple):
    """The bins of one spline per element: where they start, how large they are, and the slopes at their ends."""

    left: Float[Tensor, "*elements bins"]
    width: Float[Tensor, "*elements bins"]
    bottom: Float[Tensor, "*elements bins"]
    height: Float[Tensor, "*elements bins"]
    slope: Float[Tensor, "*elements knots"]


def spline_from_logits(
    widths: Float[Tensor, "*elements bins"],
    heights: Float[Tensor, "*elements bins"],
    inner_slopes: Float[Tensor, "*elements inner"],
) -> Spline:
    """The spline of unconstrained numbers; the slope at both ends is 1, where the tails begin."""
    left, width = _bins(widths, MIN_WIDTH)
    bottom, height = _bins(heights, MIN_HEIGHT)
    slope = nn.functional.pad(MIN_SLOPE + nn.functional.softplus(inner_slopes), (1, 1), value=1.0)
    return Spline(left, width, bottom, height, slope)


def _bins(logits: Float[Tensor, "*elements bins"], smallest: float) -> tuple[Tensor, Tensor]:
    """Starts and sizes of bins that fill [-5, 5]."""
    shares = smallest + (1 - smallest * logits.shape[-1]) * torch.softmax(logits, dim=-1)
    ends = 2 * TAIL_BOUND * torch.cumsum(shares, dim=-1)[..., :-1] - TAIL_BOUND
    knots = nn.functional.pad(nn.functional.pad(ends, (1, 0), value=-TAIL_BOUND), (0, 1), value=TAIL_BOUND)
    return knots[..., :-1], knots.diff(dim=-1)


def spline_forward(
    x: Float[Tensor, "*elements"], spline: Spline
) -> tuple[Float[Tensor, "*elements"], Float[Tensor, "*elements"]]:
    """The spline's value at x, and the logarithm of its slope there."""
    inside = (x >= -TAIL_BOUND) & (x <= TAIL_BOUND)
    within = x.clamp(-TAIL_BOUND, TAIL_BOUND)
    left, width, bottom, height, slope_0, slope_1 = _bin_of(within, spline.left, spline)
    steepness = height / width
    at = (within - left) / width
    y = bottom + height * (steepness * at.square() + slope_0 * at * (1 - at)) / _denominator(
        at, steepness, slope_0, slope_1
    )
    log_slope = _log_slope(at, steepness, slope_0, slope_1)
    return torch.where(inside, y, x), torch.where(inside, log_slope, torch.zeros_like(x))


def spline_inverse(
    y: Float[Tensor, "*elements"], spline: Spline
) -> tuple[Float[Tensor, "*elements"], Float[Tensor, "*elements"]]:
    """The x at which the spline is y, and the logarithm of the inverse's slope."""
    inside = (y >= -TAIL_BOUND) & (y <= TAIL_BOUND)
    within = y.clamp(-TAIL_BOUND, TAIL_BOUND)
    left, width, bottom, height, slope_0, slope_1 = _bin_of(within, spline.bottom, spline)
    steepness = height / width
    above = within - bottom
    bend = slope_0 + slope_1 - 2 * steepness
    a = height * (steepness - slope_0) + above * bend
    b = height * slope_0 - above * bend
    c = -steepness * above
    # rounding can make the discriminant of a steep bin a little negative
    at = 2 * c / (-b - torch.sqrt((b.square() - 4 * a * c).clamp_min(0.0)))
    log_slope = -_log_slope(at, steepness, slope_0, slope_1)
    return torch.where(inside, left + width * at, y), torch.where(inside, log_slope, torch.zeros_like(y))


def _bin_of(value: Tensor, starts: Tensor, spline: Spline) -> tuple[Tensor, ...]:
    """Left, width, bottom, height and the two slopes of the bin that each value lies in."""
    index = ((value.unsqueeze(-1) >= starts).sum(dim=-1, keepdim=True) - 1).clamp_min(0)
    columns = (spline.left, spline.width, spline.bottom, spline.height, spline.slope[..., :-1], spline.slope[..., 1:])
    return tuple(column.gather(-1, index).squeeze(-1) for column in columns)


def _denominator(at: Tensor, steepness: Tensor, slope_0: Tensor, slope_1: Tensor) -> Tensor:
    return steepness + (slope_0 + slope_1 - 2 * steepness) * at * (1 - at)


def _log_slope(at: Tensor, steepness: Tensor, slope_0: Tensor, slope_1: Tensor) -> Tensor:
    rise = slope_1 * at.square() + 2 * steepness * at * (1 - at) + slope_0 * (1 - at).square()
    return 2 * torch.log(steepness) + torch.log(rise) - 2 * torch.log(_denominator(at, steepness, slope_0, slope_1))
