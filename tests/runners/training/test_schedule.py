from __future__ import annotations

import pytest

from runners.training.schedule import Length
from vits.common.errors import InputError


@pytest.mark.parametrize(
    ("length", "due"),
    [
        (Length(steps=200), [0, 25, 50, 100, 200]),
        (Length(steps=30), [0, 25, 30]),
        (Length(steps=25), [0, 25]),
        (Length(steps=0), [0]),
        (Length(steps=10, eval_every=4), [0, 4, 8, 10]),
        (Length(epochs=3), [0, 25, 50, 57]),
        (Length(epochs=3, eval_every=1), [0, 19, 38, 57]),
        (Length(epochs=3, eval_every=100), [0, 57]),
        (Length(epochs=0, eval_every=5), [0]),
    ],
)
def test_both_ends_are_evaluated_and_more_between_when_scheduled(length: Length, due: list[int]) -> None:
    schedule = length.schedule(19)
    assert list(schedule.evaluations) == due
    assert {0, schedule.steps} <= set(schedule.evaluations)


def test_training_stops_at_evaluations_and_ends_of_epochs_when_it_runs() -> None:
    schedule = Length(steps=40).schedule(19)
    stops = [0]
    while stops[-1] < schedule.steps:
        stops.append(schedule.next_stop(stops[-1]))
    assert stops == [0, 19, 25, 38, 40]


@pytest.mark.parametrize(
    ("steps", "epochs", "eval_every", "told"),
    [
        (-1, None, None, "steps=-1 must be a whole number of at least 0 and of at most 1000000000000"),
        (None, -1, None, "epochs=-1 must be a whole number of at least 0 and of at most 1000000000000"),
        (1, None, 0, "eval_every=0 must be a whole number of at least 1 and of at most 1000000000000"),
        (1, 2, None, "steps=1 and epochs=2 are two lengths of one training; give one"),
        (None, None, None, "steps=null and epochs=null leave open how long to train; give one, such as steps=200"),
    ],
)
def test_it_is_said_in_one_line_when_no_length_can_be_made_of_it(
    steps: int | None, epochs: int | None, eval_every: int | None, told: str
) -> None:
    with pytest.raises(InputError) as error:
        Length(steps, epochs, eval_every)
    assert str(error.value) == told
