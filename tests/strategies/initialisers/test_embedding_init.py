"""What all initialisers have in common."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, replace

import pytest
import torch

from strategies.context import AdaptationContext, BaseSpeakers, Enrolment
from strategies.initialisers.ecapa import Ecapa
from strategies.initialisers.embedding_init import EmbeddingInit, InitialEmbedding, Initialise, leave_one_out_error
from strategies.initialisers.mean import Mean
from strategies.initialisers.nearest import Nearest
from strategies.initialisers.random import Random
from strategies.initialisers.standard_normal import StandardNormal
from vits.common.errors import InputError

DrawSpeakers = Callable[..., BaseSpeakers]
NewContext = Callable[..., AdaptationContext]
EVERY_INITIALISER = [Mean(), Nearest(), Nearest(neighbours=3), Random(), StandardNormal(), Ecapa()]
WITH_BASE_SPEAKERS = [(Mean(), 1), (Nearest(), 1), (Nearest(neighbours=3), 3), (Ecapa(), 3)]


def of(initialiser: EmbeddingInit) -> str:
    return repr(initialiser)


@pytest.mark.parametrize("initialiser", EVERY_INITIALISER, ids=of)
def test_row_is_the_same_when_the_generator_has_the_same_seed(
    initialiser: EmbeddingInit, draw_speakers: DrawSpeakers, new_context: NewContext
) -> None:
    speakers = draw_speakers(5, noise=0.3)
    enrolment = Enrolment(draw_speakers(2, seed=1).voiceprints)
    rows = [initialiser.prepare(new_context(speakers, seed=3))(enrolment).row for _ in range(2)]
    assert rows[0].shape == (3,)
    assert rows[0].dtype == speakers.embeddings.dtype
    assert torch.equal(rows[0], rows[1])


@pytest.mark.parametrize("initialiser", EVERY_INITIALISER, ids=of)
def test_inputs_and_default_generator_are_unchanged_when_a_row_is_made(
    initialiser: EmbeddingInit, draw_speakers: DrawSpeakers, new_context: NewContext
) -> None:
    speakers = draw_speakers(5, noise=0.3)
    enrolment = Enrolment(draw_speakers(2, seed=1).voiceprints)
    inputs = (speakers.embeddings, speakers.voiceprints, enrolment.voiceprints)
    before = [tensor.clone() for tensor in inputs]
    default = torch.random.get_rng_state()
    initialiser.prepare(new_context(speakers))(enrolment).row.add_(1)
    assert all(torch.equal(tensor, copy) for tensor, copy in zip(inputs, before, strict=True))
    assert torch.equal(torch.random.get_rng_state(), default)


@pytest.mark.parametrize(("initialiser", "needed"), WITH_BASE_SPEAKERS, ids=repr)
def test_initialiser_is_refused_when_base_speakers_are_too_few(
    initialiser: EmbeddingInit, needed: int, draw_speakers: DrawSpeakers, new_context: NewContext
) -> None:
    enough = draw_speakers(needed)
    enrolment = Enrolment(enough.voiceprints[:1])
    assert initialiser.prepare(new_context(enough))(enrolment).row.isfinite().all()
    with pytest.raises(InputError, match=f"needs {needed} trained base speakers, the base has {needed - 1}; use"):
        initialiser.prepare(new_context(enough.without(0)))


@pytest.mark.parametrize("initialiser", [Nearest(), Ecapa()], ids=of)
def test_initialiser_is_refused_when_the_base_brings_no_voiceprints(
    initialiser: EmbeddingInit, draw_speakers: DrawSpeakers, new_context: NewContext
) -> None:
    silent = replace(draw_speakers(5), voiceprints=torch.zeros(5, 0))
    with pytest.raises(InputError, match="compares voices, but the base brings no voiceprints; import it again"):
        initialiser.prepare(new_context(silent))
    assert math.isnan(leave_one_out_error(initialiser, new_context(silent)))


@pytest.mark.parametrize("initialiser", [Mean(), Random(), StandardNormal()], ids=of)
def test_row_is_made_when_the_base_brings_no_voiceprints(
    initialiser: EmbeddingInit, draw_speakers: DrawSpeakers, new_context: NewContext
) -> None:
    silent = replace(draw_speakers(5), voiceprints=torch.zeros(5, 0))
    assert initialiser.prepare(new_context(silent))(Enrolment(draw_speakers(1).voiceprints)).row.isfinite().all()
    assert math.isfinite(leave_one_out_error(initialiser, new_context(silent)))


@pytest.mark.parametrize("initialiser", EVERY_INITIALISER, ids=of)
def test_initialiser_refuses_to_change_when_made(initialiser: EmbeddingInit) -> None:
    with pytest.raises(FrozenInstanceError):
        initialiser.neighbours = 7  # pyright: ignore[reportAttributeAccessIssue]


def test_mean_voiceprint_is_the_unit_bisector_when_two_clips_are_enrolled(enrol: Callable[..., Enrolment]) -> None:
    expected = torch.tensor([math.sqrt(0.5), math.sqrt(0.5)])
    assert torch.allclose(enrol((3.0, 0.0), (0.0, 0.1)).mean_voiceprint, expected)


def test_speaker_is_gone_from_every_column_when_left_out(three_speakers: BaseSpeakers) -> None:
    others = three_speakers.without(1)
    assert others.names == ("east", "west")
    assert others.embeddings.tolist() == [[1.0, 0.0, 4.0], [5.0, -8.0, 2.0]]
    assert others.voiceprints.tolist() == [[1.0, 0.0], [-1.0, 0.0]]
    assert len(others) == 2
    assert len(three_speakers) == 3


@pytest.mark.parametrize("n", [3, 4, 11])
def test_leave_one_out_error_is_one_when_initialiser_is_the_mean(
    n: int, draw_speakers: DrawSpeakers, new_context: NewContext
) -> None:
    assert leave_one_out_error(Mean(), new_context(draw_speakers(n, noise=1.0))) == 1.0


def test_leave_one_out_error_has_the_value_by_hand_when_initialiser_is_the_nearest(new_context: NewContext) -> None:
    # embeddings 0, 1 and 5 on a line; the nearest voices are 1 to 0, 0 to 1 and 1 to 5
    angles = torch.tensor([0.0, 0.2, 0.5])
    speakers = BaseSpeakers(
        ("a", "b", "c"), torch.tensor([[0.0], [1.0], [5.0]]), torch.stack((angles.cos(), angles.sin()), dim=1)
    )
    misses = 1.0**2 + 1.0**2 + 4.0**2
    spreads = 3.0**2 + 1.5**2 + 4.5**2
    expected = math.sqrt(misses / spreads)
    assert leave_one_out_error(Nearest(), new_context(speakers)) == pytest.approx(expected, rel=1e-6)


def test_leave_one_out_error_is_near_zero_when_ecapa_learns_a_linear_map(
    draw_speakers: DrawSpeakers, new_context: NewContext
) -> None:
    speakers = draw_speakers(40)
    assert leave_one_out_error(Ecapa(strengths=[1e-6]), new_context(speakers)) < 1e-3
    assert leave_one_out_error(Ecapa(), new_context(speakers)) < 0.05
    assert leave_one_out_error(Nearest(), new_context(speakers)) > 0.5


def test_leave_one_out_error_is_near_root_two_when_draws_are_random(
    draw_speakers: DrawSpeakers, new_context: NewContext
) -> None:
    speakers = draw_speakers(400, noise=1.0)
    assert leave_one_out_error(Random(), new_context(speakers)) == pytest.approx(math.sqrt(2), abs=0.1)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_leave_one_out_error_is_undefined_when_base_speakers_are_fewer_than_three(
    n: int, draw_speakers: DrawSpeakers, new_context: NewContext
) -> None:
    assert math.isnan(leave_one_out_error(Mean(), new_context(draw_speakers(n))))


@pytest.mark.parametrize("initialiser", [Ecapa(), Nearest(neighbours=3)], ids=of)
def test_leave_one_out_error_is_undefined_when_the_others_are_too_few(
    initialiser: EmbeddingInit, draw_speakers: DrawSpeakers, new_context: NewContext
) -> None:
    assert math.isnan(leave_one_out_error(initialiser, new_context(draw_speakers(3))))
    assert math.isfinite(leave_one_out_error(initialiser, new_context(draw_speakers(4))))


@dataclass(frozen=True)
class Remembered(EmbeddingInit):
    """Gives what it was shown, to see that nobody's own row is among it."""

    def prepare(self, context: AdaptationContext) -> Initialise:
        speakers = context.base_speakers

        def first(enrolment: Enrolment) -> InitialEmbedding:
            own = (speakers.voiceprints @ enrolment.mean_voiceprint) > 1 - 1e-6
            assert not own.any()
            return InitialEmbedding(speakers.embeddings[0])

        return first


def test_guessed_speaker_is_hidden_when_left_out(draw_speakers: DrawSpeakers, new_context: NewContext) -> None:
    assert leave_one_out_error(Remembered(), new_context(draw_speakers(5))) > 0


def test_a_hundred_base_speakers_at_most_are_left_out_when_there_are_many(
    draw_speakers: DrawSpeakers, new_context: NewContext
) -> None:
    guessed: list[str] = []

    class Asked(EmbeddingInit):
        def prepare(self, context: AdaptationContext) -> Initialise:
            def guess(enrolment: Enrolment) -> InitialEmbedding:
                guessed.append(enrolment.speaker)
                return InitialEmbedding(context.base_speakers.embeddings.mean(0))

            return guess

    speakers = draw_speakers(250)
    assert leave_one_out_error(Asked(), new_context(speakers)) == 1.0
    assert guessed == list(speakers.names[::3])
