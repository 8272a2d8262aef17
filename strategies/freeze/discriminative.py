"""Train what is far from the speaker more slowly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from strategies.freeze.distance import distance
from strategies.freeze.freeze_policy import FreezePolicy, RateSchedule
from vits.common.bounds import Above, AtMost, check_fields
from vits.common.registry import register


@register("freeze", "discriminative")
@dataclass(frozen=True)
class Discriminative(FreezePolicy):
    """Everything trains, and with every part further from the speaker `decay` times as fast.

    Howard and Ruder 2018, "Universal Language Model Fine-tuning for Text Classification", section 3.2
    (discriminative fine-tuning; their factor between layers is 1 / 2.6).
    """

    decay: Annotated[float, Above(0), AtMost(1)] = 0.4

    def __post_init__(self) -> None:
        check_fields(self, "freeze")

    def schedule(self, parameter_name: str) -> RateSchedule:
        return RateSchedule(self.decay ** (distance(parameter_name) - 1))
