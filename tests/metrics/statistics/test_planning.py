"""How large a test set must be, against the t distribution's tables and against what later happens."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.statistics import (
    DEMO_VARIANCES,
    Observations,
    SentencesNeeded,
    Variances,
    sentences_needed,
    smallest_detectable_difference,
    variances,
)
from metrics.statistics.simulation import Planted
from vits.common.errors import InputError


def normal(between: float, within: float, speakers: int, sentences: int, rng: np.random.Generator) -> Observations:
    """Two systems whose difference has these variances."""
    difference = math.sqrt(between) * rng.normal(size=(speakers, 1))
    difference = difference + math.sqrt(within) * rng.normal(size=(speakers, sentences))
    values = np.stack([difference, np.zeros_like(difference)])[:, None]
    names = tuple(map(str, range(speakers)))
    return Observations("secs", "cosine", True, ("a", "b"), names, values, np.ones(difference.shape))


def test_variances_are_found_when_planted() -> None:
    found = variances(normal(0.04, 0.25, 2000, 5, np.random.default_rng(0)))
    assert found.between_speakers == pytest.approx(0.04, rel=0.2)
    assert found.within_speaker == pytest.approx(0.25, rel=0.05)
    assert found.mean_weight == 1


def test_sentences_of_average_length_are_meant_when_words_weigh() -> None:
    drawn = Planted((0.3, 0.3), (0.0, 0.0), speakers=500, sentences=20, shape=5.0).draw(np.random.default_rng(0))
    found = variances(drawn)
    difference = drawn.values[0, 0] - drawn.values[1, 0]
    of_speakers = np.average(difference, axis=1, weights=drawn.weights)
    assert found.mean_weight == pytest.approx(8.5, rel=0.02)
    assert found.within_speaker / 20 == pytest.approx(of_speakers.var(), rel=0.2)


def test_smallest_difference_is_the_noncentral_ts_when_worked_out_by_hand() -> None:
    found = smallest_detectable_difference(Variances(0.04, 0.25), n_speakers=5, sentences_per_speaker=25)
    # a paired t test of 5 finds 1.682 standard deviations with 80 % power (Cohen's tables, G*Power)
    assert found == pytest.approx(1.682 * math.sqrt(0.04 + 0.01), rel=0.001)


def test_sentences_of_half_the_words_tell_half_as_much() -> None:
    planned = {"n_speakers": 5, "sentences_per_speaker": 10}
    short = smallest_detectable_difference(Variances(0.0, 0.2, 8.0), **planned, mean_weight=4.0)
    long = smallest_detectable_difference(Variances(0.0, 0.2, 8.0), **planned)
    assert short == pytest.approx(math.sqrt(2) * long)


def test_hardly_anything_can_be_seen_when_five_speakers_say_114_words() -> None:
    found = smallest_detectable_difference(
        DEMO_VARIANCES["wer"], n_speakers=5, sentences_per_speaker=3, mean_weight=114 / 15
    )
    assert found > 0.3  # one word in three


def test_nothing_can_be_seen_when_one_speaker_says_one_sentence() -> None:
    planned = {"variances": Variances(0.1, 0.1), "n_speakers": 1}
    assert math.isinf(smallest_detectable_difference(**planned, sentences_per_speaker=1))
    alone = smallest_detectable_difference(**planned, sentences_per_speaker=5)
    assert alone == pytest.approx(1.682 * math.sqrt(0.1), rel=0.001)  # as of five speakers, but of sentences


@given(speakers=st.integers(2, 50), sentences=st.integers(1, 200), between=st.floats(0, 1), within=st.floats(1e-6, 1))
def test_more_is_seen_when_the_test_set_grows(speakers: int, sentences: int, between: float, within: float) -> None:
    def smallest(more_speakers: int, more_sentences: int, n_pairs: int = 1) -> float:
        return smallest_detectable_difference(
            Variances(between, within),
            n_speakers=speakers + more_speakers,
            sentences_per_speaker=sentences + more_sentences,
            n_pairs=n_pairs,
        )

    assert smallest(1, 0) < smallest(0, 0) <= smallest(0, 0, n_pairs=66)
    assert smallest(0, 1) < smallest(0, 0)


def test_sentences_suffice_and_one_fewer_does_not_when_speakers_agree() -> None:
    drawn = normal(0.0, 0.25, 8, 20, np.random.default_rng(1))
    parts = variances(drawn)
    needed = sentences_needed(drawn, 0.2)
    assert needed.per_speaker is not None
    assert needed.speakers == 8
    for sentences, is_enough in ((needed.per_speaker, True), (needed.per_speaker - 1, False)):
        found = smallest_detectable_difference(parts, n_speakers=8, sentences_per_speaker=sentences)
        assert (found <= 0.2) == is_enough
    assert needed.sentence() == (
        f"To see a difference of 0.2 cosine, the test set needs {needed.per_speaker} sentences of each of its 8 "
        "speakers."
    )


def test_speakers_are_asked_for_when_they_disagree_too_much() -> None:
    drawn = normal(0.25, 0.04, 5, 20, np.random.default_rng(0))
    needed = sentences_needed(drawn, 0.3)
    assert needed.per_speaker is None
    assert needed.speakers is not None
    assert needed.speakers > 5
    assert f"needs {needed.speakers} speakers: more sentences of the present ones won't do" in needed.sentence()
    parts = variances(drawn)
    assert smallest_detectable_difference(parts, n_speakers=needed.speakers, sentences_per_speaker=20) <= 0.3


def test_no_size_will_do_when_the_difference_is_next_to_nothing() -> None:
    needed = sentences_needed(normal(0.25, 0.04, 5, 20, np.random.default_rng(0)), 1e-6)
    assert needed == SentencesNeeded(1e-6, "cosine", None, None)
    assert "no test set of a feasible size will do" in needed.sentence()


def test_variances_are_refused_when_nothing_is_repeated() -> None:
    with pytest.raises(InputError, match="no two systems share two utterances of a speaker"):
        variances(normal(0.1, 0.1, 5, 1, np.random.default_rng(0)))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"n_speakers": 0}, "must be positive"), ({"power": 80.0}, "power=80.0"), ({"level": 0.0}, "level=0.0")],
)
def test_plan_is_refused_when_it_can_not_be(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        smallest_detectable_difference(Variances(0.1, 0.1), **{"n_speakers": 5, "sentences_per_speaker": 10, **wrong})
    with pytest.raises(InputError, match="variances must be 0 or more"):
        Variances(-0.1, 0.1)
    with pytest.raises(InputError, match="must be positive"):
        sentences_needed(normal(0.1, 0.1, 5, 4, np.random.default_rng(0)), 0.0)
