from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from strategies.context import AdaptationContext, BaseSpeakers, Enrolment
from strategies.initialisers.random import Random

NewContext = Callable[..., AdaptationContext]
N_DRAWS = 20_000
VOICE = Enrolment(torch.ones(1, 2) / 2**0.5)


def draws(context: AdaptationContext) -> Tensor:
    initialise = Random().prepare(context)
    return torch.stack([initialise(VOICE).row for _ in range(N_DRAWS)])


def test_draws_have_mean_and_covariance_of_the_base_rows_when_there_are_some(
    three_speakers: BaseSpeakers, new_context: NewContext
) -> None:
    # by hand: the deviations from [3, -2, 2] are (-2, 2, 2), (0, 4, -2), (2, -6, 0), and n - 1 = 2
    covariance = torch.tensor([[4.0, -8.0, -2.0], [-8.0, 28.0, -2.0], [-2.0, -2.0, 4.0]])
    drawn = draws(new_context(three_speakers))
    assert torch.allclose(drawn.mean(0), torch.tensor([3.0, -2.0, 2.0]), atol=0.15)
    assert torch.allclose(drawn.T.cov(), covariance, atol=0.8)


@pytest.mark.parametrize("n_speakers", [0, 1])
def test_draws_are_standard_normal_when_there_is_no_covariance_to_match(
    n_speakers: int, new_context: NewContext
) -> None:
    speakers = BaseSpeakers(("a",)[:n_speakers], torch.full((n_speakers, 3), 50.0), torch.zeros(n_speakers, 2))
    drawn = draws(new_context(speakers))
    assert torch.allclose(drawn.mean(0), torch.zeros(3), atol=0.05)
    assert torch.allclose(drawn.T.cov(), torch.eye(3), atol=0.05)


def test_draws_stay_among_the_base_rows_when_these_are_fewer_than_the_width(
    draw_speakers: Callable[..., BaseSpeakers], new_context: NewContext
) -> None:
    speakers = draw_speakers(3, width=8)
    centred = speakers.embeddings - speakers.embeddings.mean(0)
    row = Random().prepare(new_context(speakers))(VOICE).row - speakers.embeddings.mean(0)
    assert torch.linalg.matrix_rank(torch.vstack((centred, row)), rtol=1e-4) == 2


def test_rows_differ_when_the_seed_or_the_draw_does(three_speakers: BaseSpeakers, new_context: NewContext) -> None:
    first, second = (Random().prepare(new_context(three_speakers, seed=seed)) for seed in (1, 2))
    rows = [initialise(VOICE).row for initialise in (first, first, second)]
    assert not any(torch.equal(rows[i], rows[j]) for i, j in ((0, 1), (0, 2), (1, 2)))
