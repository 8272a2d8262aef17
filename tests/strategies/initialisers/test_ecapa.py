from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from strategies.context import AdaptationContext, BaseSpeakers, Enrolment
from strategies.initialisers.ecapa import Ecapa
from strategies.ridge_regression import fit_ridge
from vits.common.errors import InputError

DrawSpeakers = Callable[..., BaseSpeakers]
NewContext = Callable[..., AdaptationContext]


def primal_ridge(x: Tensor, y: Tensor, strength: float, at: Tensor) -> Tensor:
    """The textbook's formula, with an intercept that is not penalised: (X'X + sI)^-1 X'Y on centred columns."""
    x_mean, y_mean = x.mean(0), y.mean(0)
    centred = x - x_mean
    weights = torch.linalg.inv(centred.T @ centred + strength * torch.eye(x.shape[1]).to(x)) @ centred.T @ (y - y_mean)
    return y_mean + (at - x_mean) @ weights


def refit_errors(x: Tensor, y: Tensor, strength: float) -> float:
    """Mean squared error of each row by a fit of its own without that row."""
    errors = []
    for left_out in range(len(x)):
        kept = [row for row in range(len(x)) if row != left_out]
        errors.append((primal_ridge(x[kept], y[kept], strength, x[left_out]) - y[left_out]).square().sum())
    return float(torch.stack(errors).mean())


@pytest.mark.parametrize("strength", [0.003, 0.3, 10.0])
@pytest.mark.parametrize("n", [4, 9, 30])  # fewer and more speakers than numbers in a voiceprint
def test_row_is_the_primal_solution_when_one_strength_is_given(
    strength: float, n: int, draw_speakers: DrawSpeakers, new_context: NewContext
) -> None:
    speakers = draw_speakers(n, noise=0.5)
    enrolment = Enrolment(draw_speakers(3, seed=1).voiceprints)
    row = Ecapa(strengths=[strength]).prepare(new_context(speakers))(enrolment).row
    expected = primal_ridge(
        speakers.voiceprints.double(), speakers.embeddings.double(), strength, enrolment.mean_voiceprint.double()
    )
    assert torch.allclose(row.double(), expected, atol=1e-5)


def test_row_has_the_value_by_hand_when_voiceprints_lie_on_a_line(new_context: NewContext) -> None:
    # x = -1, 0, 1 and y = 2 + 3x: the slope is 3 * 2 / (2 + s), with s = 1 it is 2
    speakers = BaseSpeakers(("a", "b", "c"), torch.tensor([[-1.0], [2.0], [5.0]]), torch.tensor([[-1.0], [0.0], [1.0]]))
    row = Ecapa(strengths=[1.0]).prepare(new_context(speakers))(Enrolment(torch.tensor([[1.0]]))).row
    assert row.tolist() == pytest.approx([4.0])


@pytest.mark.parametrize("strength", [0.01, 1.0, 30.0])
@pytest.mark.parametrize("n", [4, 12])
def test_left_out_error_equals_that_of_refits_when_each_speaker_is_left_out(
    strength: float, n: int, draw_speakers: DrawSpeakers
) -> None:
    speakers = draw_speakers(n, noise=0.5)
    x, y = speakers.voiceprints.double(), speakers.embeddings.double()
    assert fit_ridge(x, y, [strength]).error == pytest.approx(refit_errors(x, y, strength), rel=1e-9)


@pytest.mark.parametrize(("noise", "best"), [(0.0, 0.001), (50.0, 100.0)])
def test_strength_follows_the_noise_when_several_are_given(
    noise: float, best: float, draw_speakers: DrawSpeakers, new_context: NewContext
) -> None:
    speakers = draw_speakers(20, noise=noise)
    enrolment = Enrolment(draw_speakers(1, seed=1).voiceprints)
    chosen = Ecapa(strengths=[100.0, 0.001, 1.0]).prepare(new_context(speakers))(enrolment).row
    assert torch.equal(chosen, Ecapa(strengths=[best]).prepare(new_context(speakers))(enrolment).row)


def test_row_is_the_mean_when_the_penalty_is_huge(draw_speakers: DrawSpeakers, new_context: NewContext) -> None:
    speakers = draw_speakers(10, noise=0.5)
    row = Ecapa(strengths=[1e9]).prepare(new_context(speakers))(Enrolment(speakers.voiceprints[:1])).row
    assert torch.allclose(row, speakers.embeddings.mean(0), atol=1e-5)


@pytest.mark.parametrize("strengths", [[], [0.0], [1.0, -0.1]])
def test_strengths_are_refused_when_missing_or_not_above_zero(strengths: list[float]) -> None:
    with pytest.raises(InputError, match=r"strategy.strengths.* must be a (list of 1 to|finite number above 0)"):
        Ecapa(strengths=strengths)
