"""SECS on real voices."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from metrics.judges.judge import Judges
from metrics.metric import EnrolmentRecordings, KnownVoices, Utterance
from metrics.secs import Secs, SpeakerSimilarity
from metrics.secs_ge2e import SecsGe2e
from vits.common.errors import InputError


def test_secs_is_one_when_the_clip_is_the_whole_enrolment(judges: Judges, speech: list[Utterance]) -> None:
    (score,) = Secs().prepare(KnownVoices({"040": speech[:1]}), judges)(speech[:1])
    assert score.values["secs"] == pytest.approx(1.0, abs=1e-5)


def test_secs_is_higher_when_the_speaker_is_the_right_one(
    judges: Judges, enrolment: EnrolmentRecordings, held_out: list[Utterance]
) -> None:
    scorer = Secs().prepare(KnownVoices(enrolment), judges)
    right = [score.values["secs"] for score in scorer(held_out)]
    swapped = [replace(held_out[0], speaker="041"), replace(held_out[1], speaker="040")]
    wrong = [score.values["secs"] for score in scorer(swapped)]
    assert min(right) > 0.6
    assert max(wrong) < 0.4


@pytest.mark.parametrize("metric", [Secs(), SecsGe2e()])
def test_both_judges_prefer_the_right_speaker(
    metric: SpeakerSimilarity, judges: Judges, enrolment: EnrolmentRecordings, held_out: list[Utterance]
) -> None:
    scorer = metric.prepare(KnownVoices(enrolment), judges)
    right, wrong = scorer([held_out[0], replace(held_out[0], speaker="041")])
    assert right.values[metric.name] > wrong.values[metric.name] + 0.25
    assert right.values.keys() == {metric.name}


def test_secs_is_nan_when_there_is_no_sound(
    judges: Judges, enrolment: EnrolmentRecordings, held_out: list[Utterance]
) -> None:
    silent = replace(held_out[0], wave=np.zeros(22_050, dtype=np.float32))
    scores = Secs().prepare(KnownVoices(enrolment), judges)([silent, held_out[1]])
    assert math.isnan(scores[0].values["secs"])
    assert scores[1].values["secs"] > 0.6


def test_speaker_is_refused_when_not_enrolled(
    judges: Judges, enrolment: EnrolmentRecordings, held_out: list[Utterance]
) -> None:
    with pytest.raises(InputError, match="by speaker 'eve', of whom there is no enrolment; there is of: 040, 041"):
        Secs().prepare(KnownVoices(enrolment), judges)([replace(held_out[0], speaker="eve")])
