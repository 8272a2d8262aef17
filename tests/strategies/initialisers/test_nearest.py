from __future__ import annotations

from collections.abc import Callable

import pytest

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


@pytest.mark.parametrize("neighbours", [0, -1])
def test_neighbours_are_refused_when_below_one(neighbours: int) -> None:
    with pytest.raises(InputError, match=f"neighbours={neighbours} must be 1 or more"):
        Nearest(neighbours)
