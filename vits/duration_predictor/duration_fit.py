"""What a duration predictor returns in training."""

from __future__ import annotations

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

LOG_DURATION_FLOOR = 1e-6  # added to a duration in frames before its logarithm; padding has duration 0


class DurationFit(NamedTuple):
    """How well durations were predicted, and the log-durations that a discriminator may judge."""

    loss: Float[Tensor, ""]
    log_durations: Float[Tensor, "batch 1 tokens"]
