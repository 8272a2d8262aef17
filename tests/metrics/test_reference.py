"""What real recordings reach, and the cache of it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from metrics.judges.judge import Judges
from metrics.metric import EnrolmentRecordings, KnownVoices, Utterance
from metrics.reference import SecsBounds, cross_cosines, score_recordings, secs_bounds
from metrics.secs import Secs
from vits.common.errors import InputError

A, B, C = torch.eye(192)[:3]


def test_bounds_are_means_over_own_and_other_recordings() -> None:
    halfway = (A + B) / 2**0.5
    bounds = secs_bounds({"a": A, "b": B}, {"a": torch.stack([A, halfway]), "b": torch.stack([B])})
    assert bounds["a"].ceiling == pytest.approx((1 + 0.5**0.5) / 2)
    assert bounds["a"].floor == pytest.approx(0)
    assert bounds["b"].floor == pytest.approx(0.5**0.5 / 2)


def test_floor_is_undefined_when_there_is_no_other_speaker() -> None:
    (bounds,) = secs_bounds({"a": A}, {"a": A[None]}).values()
    assert bounds.ceiling == 1
    assert math.isnan(bounds.floor)


def test_every_recording_meets_every_voice() -> None:
    table = cross_cosines({"a": A, "b": B}, {"a": torch.stack([A, C]), "b": B[None]})
    assert list(table.itertuples(index=False, name=None)) == [
        ("a", "a", 1.0),
        ("a", "a", 0.0),
        ("a", "b", 0.0),
        ("b", "a", 0.0),
        ("b", "a", 0.0),
        ("b", "b", 1.0),
    ]
    with pytest.raises(InputError, match="at least one"):
        cross_cosines({}, {"a": A[None]})


def test_scores_are_read_from_disk_when_only_the_start_of_a_voice_differs(
    judges_with_empty_cache: Judges,
    enrolment: EnrolmentRecordings,
    held_out: list[Utterance],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = score_recordings(Secs(), held_out, KnownVoices(enrolment), judges_with_empty_cache)
    monkeypatch.setattr(Secs, "prepare", lambda *_: pytest.fail("scored again"))
    started = KnownVoices(enrolment, started_from={"040": "p1"})
    assert score_recordings(Secs(), held_out, started, judges_with_empty_cache) == first


def test_scores_are_read_from_disk_when_the_content_is_known(
    judges_with_empty_cache: Judges,
    enrolment: EnrolmentRecordings,
    held_out: list[Utterance],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = score_recordings(Secs(), held_out, KnownVoices(enrolment), judges_with_empty_cache)
    with monkeypatch.context() as patch:
        patch.setattr(Secs, "prepare", lambda *_: pytest.fail("scored again"))
        assert score_recordings(Secs(), held_out, KnownVoices(enrolment), judges_with_empty_cache) == first
    quieter = [replace(utterance, wave=utterance.wave * 0.5) for utterance in held_out]
    score_recordings(Secs(), quieter, KnownVoices(enrolment), judges_with_empty_cache)
    files = sorted((judges_with_empty_cache.cache_dir / "recordings").iterdir())
    assert len(files) == 2
    for file in files:
        file.write_text("[{", encoding="utf-8")
    assert score_recordings(Secs(), held_out, KnownVoices(enrolment), judges_with_empty_cache) == first


def test_bounds_have_a_plain_form() -> None:
    assert SecsBounds(floor=0.1, ceiling=0.7) == SecsBounds(0.1, 0.7)
