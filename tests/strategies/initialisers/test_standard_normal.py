from __future__ import annotations

import torch

from strategies.initialisers.embedding_init import BaseSpeakers, Enrolment
from strategies.initialisers.standard_normal import StandardNormal

VOICE = Enrolment(torch.ones(1, 2) / 2**0.5)


def test_draws_are_standard_normal_when_base_rows_are_elsewhere(
    three_speakers: BaseSpeakers, generator: torch.Generator
) -> None:
    drawn = torch.stack([StandardNormal()(VOICE, three_speakers, generator) for _ in range(20_000)])
    assert torch.allclose(drawn.mean(0), torch.zeros(3), atol=0.05)
    assert torch.allclose(drawn.T.cov(), torch.eye(3), atol=0.05)


def test_row_has_the_width_of_the_table_when_there_are_no_base_speakers(
    no_speakers: BaseSpeakers, generator: torch.Generator
) -> None:
    assert StandardNormal()(VOICE, no_speakers, generator).shape == (3,)
