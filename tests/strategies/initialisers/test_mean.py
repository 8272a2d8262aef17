from __future__ import annotations

from collections.abc import Callable

import torch

from strategies.initialisers.embedding_init import BaseSpeakers, Enrolment
from strategies.initialisers.mean import Mean


def test_row_is_the_average_when_there_are_base_speakers(
    three_speakers: BaseSpeakers, enrol: Callable[..., Enrolment], generator: torch.Generator
) -> None:
    assert Mean()(enrol((1.0, 0.0)), three_speakers, generator).tolist() == [3.0, -2.0, 2.0]


def test_row_is_the_same_when_another_voice_is_enrolled(
    three_speakers: BaseSpeakers, enrol: Callable[..., Enrolment], generator: torch.Generator
) -> None:
    one = Mean()(enrol((1.0, 0.0)), three_speakers, generator)
    assert torch.equal(one, Mean()(enrol((0.0, 1.0)), three_speakers, generator))
