"""How large a test set must be, against the t distribution's tables and against what later happens."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.statistics.planning import DEMO_VARIANCES, Variances, smallest_detectable_difference
from vits.common.errors import InputError


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


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"n_speakers": 0}, "must be positive"), ({"power": 80.0}, "power=80.0"), ({"level": 0.0}, "level=0.0")],
)
def test_plan_is_refused_when_it_can_not_be(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        smallest_detectable_difference(Variances(0.1, 0.1), **{"n_speakers": 5, "sentences_per_speaker": 10, **wrong})
    with pytest.raises(InputError, match="variances must be 0 or more"):
        Variances(-0.1, 0.1)
