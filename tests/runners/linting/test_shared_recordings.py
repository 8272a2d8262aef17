from __future__ import annotations

from linting_material import MakeClip

from runners.linting.audio_facts import AudioFacts
from runners.linting.finding import Severity
from runners.linting.known_base import KnownBase
from runners.linting.shared_recordings import shared_recordings
from vits.trained_on import TrainedOn, fingerprint


def facts(**samples: str) -> dict[str, AudioFacts]:
    return {name: AudioFacts(1.0, 0.0, -20.0, mark) for name, mark in samples.items()}


def test_leak_is_an_error_when_a_training_recording_is_tested_under_another_name(make_clip: MakeClip) -> None:
    clips = [make_clip("a"), make_clip("b", split="test"), make_clip("c", split="test")]
    (finding,) = shared_recordings(clips, facts(a="same", b="same", c="other"), [])
    assert finding.severity is Severity.ERROR
    assert finding.what == "1 recording stands in train and in a held-out split under another name"
    assert finding.concerned == ("a (train) = b (test)",)


def test_repetition_is_a_warning_when_it_is_within_the_held_out_or_training_clips(make_clip: MakeClip) -> None:
    clips = [make_clip("a"), make_clip("b"), make_clip("c", split="test"), make_clip("d", split="test")]
    (finding,) = shared_recordings(clips, facts(a="same", b="same", c="other", d="other"), [])
    assert finding.severity is Severity.WARNING
    assert finding.what == "2 recordings stand more than once under different names"
    assert finding.where == "test, train"


def test_recordings_of_the_base_are_found_when_samples_or_file_names_are_known(make_clip: MakeClip) -> None:
    clips = [make_clip("a"), make_clip("b"), make_clip("c")]
    by_samples = KnownBase("old", {}, TrainedOn(recording=frozenset({"1"})))
    by_name = KnownBase("lists", {}, TrainedOn(), files=frozenset({fingerprint("b")}))
    first, second = shared_recordings(clips, facts(a="1", b="2", c="3"), [by_samples, by_name])
    assert (first.concerned, second.concerned) == (("a",), ("b",))
    assert first.severity is Severity.WARNING
    assert first.what == "1 of 3 recordings were in the base's training (old), 0 of them held out here"


def test_recordings_of_the_base_are_an_error_when_held_out(make_clip: MakeClip) -> None:
    base = KnownBase("old", {}, TrainedOn(recording=frozenset({"1"})))
    (finding,) = shared_recordings([make_clip("a", split="test")], facts(a="1"), [base])
    assert finding.severity is Severity.ERROR


def test_nothing_is_found_when_all_recordings_differ_or_are_unmeasured(make_clip: MakeClip) -> None:
    clips = [make_clip("a"), make_clip("b", split="test"), make_clip("c", split="test")]
    assert shared_recordings(clips, facts(a="1", b="2"), [KnownBase("old", {}, None)]) == []
