from __future__ import annotations

from linting_material import MakeClip

from runners.linting.finding import Severity
from runners.linting.known_base import KnownBase
from runners.linting.shared_texts import shared_texts
from vits.trained_on import TrainedOn


def known(trained_on: TrainedOn | None) -> KnownBase:
    return KnownBase("old", {"zoe": 5}, trained_on)


def test_texts_are_found_when_the_base_was_trained_on_them_in_another_spelling(make_clip: MakeClip) -> None:
    base = TrainedOn.of([make_clip("b0", "It's true.", phonemes="x"), make_clip("b1", "We agree!", phonemes="y")])
    clips = [
        make_clip("t0", "it's TRUE", split="test", phonemes="other"),
        make_clip("t1", "Nobody knew.", split="test", phonemes="y"),
        make_clip("t2", "They left.", split="test", phonemes="z"),
        make_clip("t3", "They left.", split="test", speaker="ben", phonemes="z"),
        make_clip("n0", "We agree.", split="train", phonemes="y"),
    ]
    in_train, in_base = shared_texts(clips, [known(base)])
    assert in_train.what == ("0 of 3 texts are also trained on in this corpus by spelling, 1 by identical phonemes")
    assert in_base.what == "1 of 3 texts were in the base's training (old) by spelling, 1 by identical phonemes"
    assert in_base.where == "test"
    assert in_base.severity is Severity.WARNING
    assert in_base.concerned == ("it's TRUE", "Nobody knew.")


def test_nothing_is_found_when_all_held_out_texts_are_new(make_clip: MakeClip) -> None:
    clips = [make_clip("a", "One.", phonemes="1"), make_clip("b", "Two.", split="test", phonemes="2")]
    assert shared_texts(clips, [known(TrainedOn.of(clips[:1]))]) == []


def test_spellings_are_not_counted_when_there_are_none(make_clip: MakeClip) -> None:
    clips = [make_clip("a", phonemes="1"), make_clip("b", split="test", phonemes="1")]
    (finding,) = shared_texts(clips, [])
    assert finding.what == (
        "1 of 1 texts are also trained on in this corpus by identical phonemes (their spellings are unknown)"
    )


def test_check_is_skipped_when_the_base_does_not_say_its_texts(make_clip: MakeClip) -> None:
    (finding,) = shared_texts([make_clip("a", "One.", phonemes="1")], [known(None)])
    assert finding.severity is Severity.SKIPPED
    assert finding.where == "old"
