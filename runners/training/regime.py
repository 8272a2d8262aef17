"""What an adaptation asks of training: how fast each parameter learns, what the loss gains, which weights are kept, and
when it stops.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from strategies.average.average import Averaging
from strategies.freeze.freeze_policy import RateSchedule
from strategies.penalties.penalty import Penalties
from strategies.stop.no_stop import NoStop
from strategies.stop.stop import Stop


@dataclass(frozen=True)
class Regime:
    """By default everything learns at the full rate, from the model's own losses, for as long as was asked for.

    `schedules` give the factor on a parameter's learning rate over the course of `total_steps`, by its name.
    """

    schedules: Mapping[str, RateSchedule] = field(default_factory=dict)
    penalties: Penalties = field(default_factory=Penalties)
    averaging: Averaging = field(default_factory=Averaging)
    stop: Stop = field(default_factory=NoStop)
    total_steps: int = 0

    @property
    def is_the_same_at_any_length(self) -> bool:
        """Whether a longer training begins with the very steps of a shorter one."""
        return all(schedule.is_constant for schedule in self.schedules.values())

    def progress(self, step: int) -> float:
        """The share of all steps that are done."""
        return min(step / self.total_steps, 1.0) if self.total_steps else 0.0
