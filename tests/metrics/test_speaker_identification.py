"""Who is nearest, who was taken for whom, and equal error rates by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from metrics.judges.judge import Judges
from metrics.metric import EnrolmentRecordings, KnownVoices, Utterance
from metrics.secs import Secs
from metrics.speaker_identification import SpeakerIdentification, equal_error_rate, gallery_of
from metrics.summary import score_rows, summarise
from vits.common.errors import InputError

METRIC = SpeakerIdentification()
E = torch.eye(4)
GALLERY = gallery_of({"anna": E[0], "bo": E[1]}, {"p1": E[2], "anna": E[3]})
COMPONENTS = ("", "_margin", "_as_base", "_as_start", "_own", "_other")


def values(cosines: list[float], started_from: str | None) -> tuple[list[float], dict[str, str]]:
    score = METRIC.identify(torch.tensor(cosines), GALLERY, "anna", started_from)
    return [score.values[METRIC.name + component] for component in COMPONENTS], dict(score.notes)


def test_speaker_is_identified_when_nearest() -> None:
    numbers, notes = values([0.75, 0.5, 0.25, 0.0], None)
    np.testing.assert_array_equal(numbers, [1, 0.25, 0, math.nan, 0.75, 0.5])
    assert notes == {}


def test_confusion_is_named_when_another_new_voice_is_nearer() -> None:
    numbers, notes = values([0.25, 0.5, 0.0, 0.0], "p1")
    np.testing.assert_array_equal(numbers, [0, -0.25, 0, 0, 0.25, 0.5])
    assert notes == {"confused_with": "new voice bo"}


def test_falling_back_is_told_when_the_nearest_is_the_voice_it_was_started_from() -> None:
    numbers, notes = values([0.25, 0.0, 0.5, 0.0], "p1")
    np.testing.assert_array_equal(numbers, [0, -0.25, 1, 1, 0.25, 0.5])
    assert notes == {"confused_with": "base voice p1, which it was started from"}
    numbers, notes = values([0.25, 0.0, 0.0, 0.5], "p1")  # the base has an Anna too; it is another one
    np.testing.assert_array_equal(numbers, [0, -0.25, 1, 0, 0.25, 0.5])
    assert notes == {"confused_with": "base voice anna"}


def test_nothing_is_said_when_there_is_no_other_voice() -> None:
    alone = gallery_of({"anna": E[0]}, {})
    score = METRIC.identify(torch.tensor([0.9]), alone, "anna", None)
    assert all(math.isnan(value) for value in score.values.values())
    with pytest.raises(InputError, match="at least one new voice"):
        gallery_of({}, {"p1": E[0]})


def test_real_speakers_are_identified_and_swapped_ones_are_not(
    judges: Judges, enrolment: EnrolmentRecordings, held_out: list[Utterance]
) -> None:
    base = Secs().means({"base": enrolment["041"]}, judges)
    known = KnownVoices({"040": enrolment["040"]}, base, {"040": "base"})
    scorer = METRIC.prepare(known, judges)
    right, silent, wrong = scorer(
        [
            held_out[0],
            replace(held_out[0], wave=np.zeros(22_050, dtype=np.float32)),
            replace(held_out[1], speaker="040"),
        ]
    )
    assert right.values[METRIC.name] == 1
    assert all(math.isnan(value) for value in silent.values.values())
    assert wrong.values["speaker_identification_as_start"] == 1
    assert wrong.notes["confused_with"] == "base voice base, which it was started from"


def test_equal_error_rate_is_that_by_hand() -> None:
    assert equal_error_rate([0.9, 0.8], [0.1, 0.2]) == 0
    assert equal_error_rate([0.1, 0.2], [0.9, 0.8]) == 1
    # at 0.4 one of four is refused and one of four accepted
    assert equal_error_rate([0.3, 0.6, 0.7, 0.8], [0.1, 0.2, 0.25, 0.4]) == 0.25
    assert equal_error_rate([0.5], [0.5]) == 0.5
    assert math.isnan(equal_error_rate([math.nan], [0.5]))


@given(st.lists(st.integers(-9, 9), min_size=1), st.lists(st.integers(-9, 9), min_size=1))
def test_equal_error_rate_is_mirrored_when_the_scores_are(genuine: list[int], impostor: list[int]) -> None:
    rate = equal_error_rate(genuine, impostor)
    assert 0 <= rate <= 1
    shifted = equal_error_rate([score * 2 + 1 for score in genuine], [score * 2 + 1 for score in impostor])
    assert shifted == rate  # only the order counts


def test_equal_error_rate_stands_in_the_table_when_summarised(held_out: list[Utterance]) -> None:
    pairs = [values([0.75, 0.5, 0.25, 0.0], None)[0], values([0.25, 0.5, 0.0, 0.0], None)[0]]
    utterances = [replace(held_out[0], name=str(i)) for i in range(2)]
    rows = pd.DataFrame(
        [
            (1, "test", utterance.speaker, utterance.name, METRIC.name + component, number)
            for utterance, numbers in zip(utterances, pairs, strict=True)
            for component, number in zip(COMPONENTS, numbers, strict=True)
        ],
        columns=score_rows([], [], 1, "test").columns,
    )
    table = summarise(rows, [METRIC]).set_index("metric")
    assert table.loc["speaker_identification", "mean"] == 0.5
    assert table.loc["speaker_identification_eer", "mean"] == 0.5
    assert table.loc["speaker_identification_eer", "undefined"] == 0
