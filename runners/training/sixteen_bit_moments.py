"""AdamW's moments in sixteen bits each: what makes a training state two thirds as large.

Rounding belongs to the training and not to the saving: the moments are rounded after every step, so that what is
kept in sixteen bits is exactly what the training goes on with, and a resumed training is the one that wasn't
stopped. In memory they remain float32, as the fused AdamW of PyTorch needs them.

The first moment becomes a bfloat16. The second is never negative, so the bit of the sign serves as an eighth one of
the fraction: its steps are at most 1/256 of the value, and a mean over about 100 steps moves by more than half of
that unless it stands within a third of where it is going. (Wang et al. 2018, "Training Deep Neural Networks with
8-bit Floating Point Numbers", for what happens to averages that move by less than they are rounded by.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor

FIRST, SECOND = "exp_avg", "exp_avg_sq"  # as PyTorch names them
_FIRST_CUT, _SECOND_CUT = 16, 15  # bits of a float32 that are given up at its end


def round_moments(state: Mapping[str, Tensor]) -> None:
    """Round both moments of a parameter, where they are, to what sixteen bits hold."""
    _round(state[FIRST], _FIRST_CUT)
    _round(state[SECOND], _SECOND_CUT)


def packed(key: str, value: Tensor) -> Tensor:
    """A rounded part of an optimizer's state in sixteen bits; what is no moment stays as it is."""
    return _PACK[key](value) if key in _PACK else value


def unpacked(key: str, value: Tensor) -> Tensor:
    """What was packed, as float32 and without any loss; what wasn't packed stays as it is."""
    if key == FIRST and value.dtype == torch.bfloat16:
        return value.float()
    if key == SECOND and value.dtype == torch.int16:
        return ((value.int() & 0xFFFF) << _SECOND_CUT).view(torch.float32)
    return value


def _round(value: Tensor, cut: int) -> None:
    """To the nearest float32 whose last bits are 0. Works on the bits, whose sign stands apart from the size."""
    value.view(torch.int32).add_(1 << (cut - 1)).bitwise_and_(-1 << cut)


def _second_in_sixteen_bits(value: Tensor) -> Tensor:
    return (value.view(torch.int32) >> _SECOND_CUT).to(torch.int16)


_PACK: Mapping[str, Callable[[Tensor], Tensor]] = MappingProxyType(
    {FIRST: lambda value: value.to(torch.bfloat16), SECOND: _second_in_sixteen_bits}
)
