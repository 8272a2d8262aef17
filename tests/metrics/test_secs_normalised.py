"""SECS between floor and ceiling, by hand and on real voices."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from metrics.judges.judge import Judges
from metrics.judges.speaker_encoder import mean_voiceprint
from metrics.metric import EnrolmentRecordings, KnownVoices, Metric, Utterance
from metrics.reference import SecsBounds, enrolment_bounds, expected_cosine, normalised_secs
from metrics.secs_normalised import SecsGe2eNormalised, SecsNormalised
from vits.common.errors import InputError

A, B, C = torch.eye(4)[:3]


def test_floor_is_zero_and_ceiling_one() -> None:
    bounds = SecsBounds(floor=0.1, ceiling=0.7)
    assert normalised_secs(0.1, bounds) == 0
    assert normalised_secs(0.7, bounds) == 1
    assert normalised_secs(0.4, bounds) == pytest.approx(0.5)
    assert normalised_secs(0.0, bounds) < 0


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_value_is_undefined_when_the_ceiling_is_not_above_the_floor(floor: float, ceiling: float) -> None:
    assert math.isnan(normalised_secs(0.3, SecsBounds(floor, ceiling))) == (ceiling <= floor)


def test_value_is_undefined_when_a_bound_is() -> None:
    assert math.isnan(normalised_secs(0.3, SecsBounds(math.nan, 0.7)))
    assert math.isnan(normalised_secs(0.3, SecsBounds(0.1, math.nan)))


def test_bounds_are_those_by_hand() -> None:
    halfway = (A + B) / 2**0.5
    bounds = enrolment_bounds({"a": torch.stack([A, halfway]), "c": torch.stack([C, C])})
    assert bounds["a"].ceiling == pytest.approx(0.5**0.5 / math.cos(math.pi / 8))  # the mean is that long
    assert bounds["a"].floor == pytest.approx(0)
    assert bounds["c"].ceiling == pytest.approx(1)
    assert math.isnan(expected_cosine(A[None]))


def test_ceiling_is_what_further_clips_reach_when_many_are_drawn() -> None:
    generator = torch.Generator().manual_seed(0)
    voice = torch.nn.functional.normalize(torch.ones(192), dim=0)
    drawn = voice + 0.06 * torch.randn(2_000, 192, generator=generator)  # cosines of about 0.6, as real clips have
    clips = torch.nn.functional.normalize(drawn, dim=1)
    for few in (2, 5):
        groups = clips[: 200 * few].reshape(200, few, 192)
        reached = sum(float(clips[1_000:].mean(0) @ mean_voiceprint(group)) for group in groups) / 200
        expected = sum(expected_cosine(group) for group in groups) / 200
        assert expected == pytest.approx(reached, abs=0.01)


@pytest.mark.parametrize("metric", [SecsNormalised(), SecsGe2eNormalised()])
def test_value_is_near_one_for_the_speaker_and_near_zero_for_another(
    metric: Metric, judges: Judges, enrolment: EnrolmentRecordings, held_out: list[Utterance]
) -> None:
    scorer = metric.prepare(KnownVoices(enrolment), judges)
    right = [score.values[metric.name] for score in scorer(held_out)]
    wrong = [score.values[metric.name] for score in scorer([replace(held_out[0], speaker="041")])]
    assert 0.7 < min(right) <= max(right) < 1.3
    assert -0.3 < wrong[0] < 0.3


def test_value_is_nan_when_there_is_no_sound_or_no_second_voice(
    judges: Judges, enrolment: EnrolmentRecordings, held_out: list[Utterance]
) -> None:
    silent = replace(held_out[0], wave=np.zeros(22_050, dtype=np.float32))
    (score,) = SecsNormalised().prepare(KnownVoices(enrolment), judges)([silent])
    assert math.isnan(score.values["secs_normalised"])
    alone = KnownVoices({"040": enrolment["040"]})
    (score,) = SecsNormalised().prepare(alone, judges)(held_out[:1])
    assert math.isnan(score.values["secs_normalised"])


def test_speaker_is_refused_when_not_enrolled(
    judges: Judges, enrolment: EnrolmentRecordings, held_out: list[Utterance]
) -> None:
    with pytest.raises(InputError, match="by speaker 'eve', of whom there is no enrolment"):
        SecsNormalised().prepare(KnownVoices(enrolment), judges)([replace(held_out[0], speaker="eve")])
