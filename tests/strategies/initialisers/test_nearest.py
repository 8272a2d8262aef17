from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from strategies.context import AdaptationContext, BaseSpeakers, Enrolment
from strategies.initialisers.nearest import Nearest
from vits.common.errors import InputError

NewContext = Callable[..., AdaptationContext]


@pytest.mark.parametrize(
    ("voice", "neighbours", "row"),
    [
        ((0.9, 0.4), 1, [1.0, 0.0, 4.0]),
        ((-0.2, 0.9), 1, [3.0, 2.0, 0.0]),
        ((0.9, 0.4), 2, [2.0, 1.0, 2.0]),  # east and north
        ((-0.9, 0.4), 2, [4.0, -3.0, 1.0]),  # west and north
        ((0.1, 0.2), 3, [3.0, -2.0, 2.0]),
    ],
)
def test_row_is_the_mean_of_the_nearest_when_neighbours_are_chosen(
    voice: tuple[float, float],
    neighbours: int,
    row: list[float],
    three_speakers: BaseSpeakers,
    enrol: Callable[..., Enrolment],
    new_context: NewContext,
) -> None:
    assert Nearest(neighbours).prepare(new_context(three_speakers))(enrol(voice)).row.tolist() == row


def test_neighbour_is_that_of_the_mean_voiceprint_when_clips_disagree(
    three_speakers: BaseSpeakers, enrol: Callable[..., Enrolment], new_context: NewContext
) -> None:
    clips = enrol((1.0, 0.3), (0.2, 1.0), (0.2, 1.0))
    assert Nearest().prepare(new_context(three_speakers))(clips).row.tolist() == [3.0, 2.0, 0.0]


@pytest.mark.parametrize(("neighbours", "taken_from"), [(1, "north"), (2, None)])
def test_row_says_whose_it_is_when_it_is_one_speakers(
    neighbours: int,
    taken_from: str | None,
    three_speakers: BaseSpeakers,
    enrol: Callable[..., Enrolment],
    new_context: NewContext,
) -> None:
    start = Nearest(neighbours).prepare(new_context(three_speakers))(enrol((0.1, 0.9)))
    assert start.taken_from == taken_from


def test_share_falls_by_e_when_the_cosine_is_a_temperature_lower(
    three_speakers: BaseSpeakers, enrol: Callable[..., Enrolment], new_context: NewContext
) -> None:
    start = Nearest(neighbours=2, temperature=0.5).prepare(new_context(three_speakers))
    row = start(enrol((0.8, 0.6))).row  # of east 0.8, of north 0.6
    shares = torch.tensor([1.0, math.exp(-0.2 / 0.5)])
    expected = shares / shares.sum() @ three_speakers.embeddings[:2]
    torch.testing.assert_close(row, expected)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_temperature_is_refused_when_it_weighs_nothing(temperature: float) -> None:
    with pytest.raises(InputError, match=f"strategy.temperature={temperature} must be"):
        Nearest(2, temperature)


@pytest.mark.parametrize("neighbours", [0, -1])
def test_neighbours_are_refused_when_below_one(neighbours: int) -> None:
    with pytest.raises(InputError, match=f"strategy.neighbours={neighbours} must be a whole number of at least 1"):
        Nearest(neighbours)
