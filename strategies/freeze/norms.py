"""Train the normalisations alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from strategies.freeze.freeze_policy import FROZEN, TRAINED, FreezePolicy, RateSchedule
from vits.common.registry import register

NORM = re.compile(r"(^|\.)\w*norm(_\d+)?\.(gamma|beta|weight|bias)$")


@register("freeze", "norms")
@dataclass(frozen=True)
class Norms(FreezePolicy):
    """Scale and shift of every layer normalisation move, which say how loud each channel is, and nothing else.

    Frankle, Schwab and Morcos 2021, "Training BatchNorm and Only BatchNorm", ICLR; here of layer normalisations, as
    AdaSpeech adapts them (Chen et al. 2021, ICLR), but one for all new voices.
    """

    def schedule(self, parameter_name: str) -> RateSchedule:
        return TRAINED if NORM.search(parameter_name) else FROZEN
