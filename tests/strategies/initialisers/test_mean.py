from __future__ import annotations

from collections.abc import Callable

import torch

from strategies.context import AdaptationContext, BaseSpeakers, Enrolment
from strategies.initialisers.mean import Mean

NewContext = Callable[..., AdaptationContext]


def test_row_is_the_average_when_there_are_base_speakers(
    three_speakers: BaseSpeakers, enrol: Callable[..., Enrolment], new_context: NewContext
) -> None:
    start = Mean().prepare(new_context(three_speakers))(enrol((1.0, 0.0)))
    assert start.row.tolist() == [3.0, -2.0, 2.0]
    assert start.taken_from is None


def test_row_is_the_same_when_another_voice_is_enrolled(
    three_speakers: BaseSpeakers, enrol: Callable[..., Enrolment], new_context: NewContext
) -> None:
    initialise = Mean().prepare(new_context(three_speakers))
    assert torch.equal(initialise(enrol((1.0, 0.0))).row, initialise(enrol((0.0, 1.0))).row)
