"""Let the parts go one after the other, from the speaker outwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from strategies.freeze.distance import FURTHEST, distance
from strategies.freeze.freeze_policy import FreezePolicy, RateSchedule
from vits.common.bounds import AtLeast, AtMost, check_fields
from vits.common.registry import register


@register("freeze", "gradual")
@dataclass(frozen=True)
class Gradual(FreezePolicy):
    """At first only the embeddings train; then flow, decoder, posterior encoder, durations and text encoder join.

    They join at equal distances up to the share `until` of all steps. Howard and Ruder 2018, "Universal Language
    Model Fine-tuning for Text Classification", section 3.3 (gradual unfreezing).
    """

    until: Annotated[float, AtLeast(0), AtMost(1)] = 0.5

    def __post_init__(self) -> None:
        check_fields(self, "freeze")

    def schedule(self, parameter_name: str) -> RateSchedule:
        return RateSchedule(1.0, starts_at=self.until * distance(parameter_name) / FURTHEST)
