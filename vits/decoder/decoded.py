"""What a decoder returns."""

from __future__ import annotations

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor


class DecodedAudio(NamedTuple):
    """Audio in about [-1, 1], and the signals that it was joined from, where the decoder joins several.

    `bands` are to be the PQMF bands of the audio, so they can be compared with a recording's. `streams` are what
    a learned synthesis filter joins: they mean whatever the filter makes of them.
    """

    audio: Float[Tensor, "batch 1 samples"]
    bands: Float[Tensor, "batch bands reduced"] | None
    streams: Float[Tensor, "batch bands samples"] | None = None
