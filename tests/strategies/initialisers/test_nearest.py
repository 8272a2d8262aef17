from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import torch
from torch.nn.functional import normalize

from strategies.context import AdaptationContext, BaseSpeakers, Enrolment
from strategies.hearing import Hearing
from strategies.initialisers.nearest import Nearest
from vits.common.errors import InputError
from vits.corpus.features import PreparedUtterance

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


@pytest.fixture
def heard(
    miniature_speakers: BaseSpeakers,
    new_context: NewContext,
    utterances: list[PreparedUtterance],
    hear_spectra: Callable[..., torch.Tensor],
) -> AdaptationContext:
    return replace(new_context(miniature_speakers, texts=utterances), hear=hear_spectra)


def test_row_is_of_the_speaker_whom_the_base_makes_sound_alike_when_ge2e_hears(
    heard: AdaptationContext, utterances: list[PreparedUtterance]
) -> None:
    hearing = Hearing(replace(heard, generator=torch.Generator().manual_seed(0)), "ge2e", 2, "nearest")
    new = Enrolment(torch.eye(3)[:1], "new", utterances[:2])
    nearest = int((hearing.base(("ge2e",)) @ hearing.new(("ge2e",), new)).argmax())
    found = Nearest(encoder="ge2e", sentences=2).prepare(replace(heard, generator=torch.Generator().manual_seed(0)))(
        new
    )
    assert found.taken_from == heard.base_speakers.names[nearest]
    assert torch.equal(found.row, heard.base_speakers.embeddings[nearest])


def test_chosen_way_has_the_least_error_by_hand(utterances: list[PreparedUtterance], heard: AdaptationContext) -> None:
    # by ECAPA dora sounds like bert, whose row is far from hers, by GE2E like anna, whose row is near
    rows = torch.tensor([[0.0] * 8, [9.0] * 8, [1.0] * 8])
    of_base = {"ecapa-voxceleb": [[1.0, 0.0], [0.0, 1.0], [0.1, 0.9]], "ge2e": [[1.0, 0.0], [0.0, 1.0], [0.9, 0.1]]}
    of_new = {"ecapa-voxceleb": [1.0, 0.0], "ge2e": [0.0, 1.0]}

    def hear(encoder: str, recordings: Sequence[PreparedUtterance]) -> torch.Tensor:
        own = recordings[0].clip.speaker == "other"
        return normalize(torch.tensor([of_new[encoder]] if own else of_base[encoder]), dim=1)

    speakers = replace(heard.base_speakers, embeddings=rows)
    new = Enrolment(torch.eye(2)[:1], "new", utterances[:1])
    assert utterances[0].clip.speaker == "other"
    found = Nearest(encoder="chosen", sentences=1).prepare(replace(heard, hear=hear, base_speakers=speakers))(new)
    assert found.taken_from == "bert", "whom GE2E hears in the new voice, and ECAPA doesn't"


def test_way_is_not_chosen_when_nobody_can_be_left_out(
    heard: AdaptationContext, utterances: list[PreparedUtterance]
) -> None:
    new = Enrolment(torch.eye(3)[:1], "new", utterances[:1])
    start = Nearest(neighbours=3, encoder="chosen").prepare(heard)
    with pytest.raises(InputError, match=r"nearest strategy\.encoder=chosen needs 4 trained base speakers"):
        start(new)


@pytest.mark.parametrize(("encoder", "teachers"), [("ecapa", ("ecapa-voxceleb",)), ("ge2e", ("ge2e",))])
def test_teacher_is_who_hears(encoder: str, teachers: tuple[str, ...]) -> None:
    assert Nearest(encoder=encoder).teachers == teachers
