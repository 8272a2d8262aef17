from __future__ import annotations

from collections.abc import Callable

import torch

from strategies.context import AdaptationContext, BaseSpeakers, Enrolment
from strategies.initialisers.standard_normal import StandardNormal

NewContext = Callable[..., AdaptationContext]
VOICE = Enrolment(torch.ones(1, 2) / 2**0.5)


def test_draws_are_standard_normal_when_base_rows_are_elsewhere(
    three_speakers: BaseSpeakers, new_context: NewContext
) -> None:
    initialise = StandardNormal().prepare(new_context(three_speakers))
    drawn = torch.stack([initialise(VOICE).row for _ in range(20_000)])
    assert torch.allclose(drawn.mean(0), torch.zeros(3), atol=0.05)
    assert torch.allclose(drawn.T.cov(), torch.eye(3), atol=0.05)


def test_row_has_the_width_of_the_table_when_there_are_no_base_speakers(
    no_speakers: BaseSpeakers, new_context: NewContext
) -> None:
    assert StandardNormal().prepare(new_context(no_speakers))(VOICE).row.shape == (3,)
