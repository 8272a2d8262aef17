from __future__ import annotations

from linting_material import MakeClip

from runners.linting.audio_facts import AudioFacts
from runners.linting.known_base import KnownBase
from runners.linting.speakers import empty_speakers, shared_speakers, unbalanced_speakers


def test_untrained_rows_are_named_when_the_base_has_some(make_clip: MakeClip) -> None:
    base = KnownBase("old", {"0": 3, "1": 0, "2": 5}, None)
    (finding,) = empty_speakers([make_clip("a")], [base])
    assert finding.what == "1 speaker id of 3 has no data"
    assert finding.where == "base (old)"
    assert finding.concerned == ("1",)


def test_absent_speakers_are_named_when_a_split_lacks_them(make_clip: MakeClip) -> None:
    clips = [
        make_clip("a", speaker="ada"),
        make_clip("b", speaker="ada", split="test"),
        make_clip("c", speaker="ben"),
        make_clip("d", speaker="eve", split="test"),
    ]
    test, train = empty_speakers(clips, [])
    assert (test.where, test.concerned) == ("test", ("ben",))
    assert (train.where, train.concerned) == ("train", ("eve",))
    assert "left out" in train.why


def test_speaker_is_named_when_the_base_has_the_same_id(make_clip: MakeClip) -> None:
    clips = [make_clip("a", speaker="7"), make_clip("b", speaker="8")]
    (finding,) = shared_speakers(clips, [KnownBase("old", {"7": 4, "8": 0}, None)])
    assert finding.concerned == ("7",)


def test_balance_is_of_seconds_when_recordings_are_measured(make_clip: MakeClip) -> None:
    clips = [make_clip("a", speaker="ada"), make_clip("b", speaker="ben"), make_clip("t", speaker="ben", split="test")]
    seconds = {"a": 30.0, "b": 10.0, "t": 500.0}
    facts = {name: AudioFacts(duration, 0.0, -20.0, name) for name, duration in seconds.items()}
    (finding,) = unbalanced_speakers(clips, facts)
    assert finding.what == "speaker ada has 30 s, 3.0 times the 10 s of speaker ben"
    assert finding.concerned == ("ben: 10 s", "ada: 30 s")
    assert unbalanced_speakers(clips, {}) == []  # a clip each


def test_balance_is_found_when_speakers_have_nearly_the_same(make_clip: MakeClip) -> None:
    clips = [make_clip(f"a{i}", speaker="ada") for i in range(19)]
    clips += [make_clip(f"b{i}", speaker="ben") for i in range(10)]
    assert unbalanced_speakers(clips, {}) == []
    (finding,) = unbalanced_speakers([*clips, make_clip("a19", speaker="ada")], {})
    assert finding.what == "speaker ada has 20 clips, 2.0 times the 10 clips of speaker ben"
