"""How long a training is, and at which of its steps it is evaluated."""

from __future__ import annotations

from dataclasses import dataclass

from vits.common.bounds import check_fields
from vits.common.errors import InputError
from vits.common.quantities import Number, Several

FIRST = 25  # steps before a trained model is evaluated first; the next evaluation is after twice as many


@dataclass(frozen=True)
class Schedule:
    """A training of so many steps, with evaluations at some of them: 0 and the last one among them."""

    steps: int
    steps_per_epoch: int
    evaluations: tuple[int, ...]

    def stage(self, n: int) -> int:
        """The step of the n-th evaluation, from 1; the last one where there aren't as many."""
        return self.evaluations[min(n, len(self.evaluations)) - 1]

    def next_stop(self, step: int) -> int:
        """The next step at which something is written down: of an evaluation, or at the end of an epoch."""
        end_of_epoch = (step // self.steps_per_epoch + 1) * self.steps_per_epoch
        return min([end_of_epoch, *(due for due in self.evaluations if due > step)])


@dataclass(frozen=True)
class Pause:
    """Where a training stops for now: after so many evaluations, the one before training among them.

    `retention_by` is the metric by which it is scored there what the base's voices lost; None where nobody asks.
    """

    stop_after: Several
    retention_by: str | None = None

    def __post_init__(self) -> None:
        check_fields(self, "")


@dataclass(frozen=True)
class Length:
    """How long to train: `steps` of the optimizer, the same for one voice and for five, or `epochs` of the data.

    The model is evaluated before training, after it, and after 25, 50, 100, 200, 400, ... steps, since it changes
    most at first; with `eval_every` at equal distances instead, which are counted as the length is.
    """

    steps: Number | None = None
    epochs: Number | None = None
    eval_every: Several | None = None

    def __post_init__(self) -> None:
        check_fields(self, "")
        if self.steps is None and self.epochs is None:
            raise InputError("steps=null and epochs=null leave open how long to train; give one, such as steps=200")
        if self.steps is not None and self.epochs is not None:
            raise InputError(f"steps={self.steps} and epochs={self.epochs} are two lengths of one training; give one")

    def schedule(self, steps_per_epoch: int) -> Schedule:
        """The same in steps, of data with so many in an epoch."""
        unit = steps_per_epoch if self.steps is None else 1
        steps = unit * (self.epochs or 0) if self.steps is None else self.steps
        between = _growing(steps) if self.eval_every is None else range(0, steps, unit * self.eval_every)
        return Schedule(steps, steps_per_epoch, tuple(sorted({0, *between, steps})))


def _growing(steps: int) -> list[int]:
    """25, 50, 100, ... as far as they are before the end."""
    found, due = [], FIRST
    while due < steps:
        found.append(due)
        due *= 2
    return found
