from __future__ import annotations

from collections.abc import Mapping

import pytest
from linting_material import MakeClip

from runners.linting.audio_facts import AudioFacts, Recordings
from runners.linting.audio_findings import clipped, missing_or_unreadable, no_audio, short, silent
from runners.linting.finding import Severity

GOOD = AudioFacts(duration_s=3.0, clipped=0.0, loudest_db=-20.0, samples="a")
FACTS: Mapping[str, AudioFacts] = {
    "good": GOOD,
    "cracked": AudioFacts(3.0, 0.002, -3.0, "b"),
    "crushed": AudioFacts(3.0, 0.2, -1.0, "c"),
    "touched": AudioFacts(3.0, 0.00005, -3.0, "d"),
    "dead": AudioFacts(3.0, 0.0, -120.0, "e"),
    "faint": AudioFacts(3.0, 0.0, -55.0, "f"),
    "brief": AudioFacts(0.4, 0.0, -20.0, "g"),
}


@pytest.mark.parametrize(
    ("check", "concerned"),
    [
        (clipped, ("crushed: 20.00 % of the samples", "cracked: 0.20 % of the samples")),
        (silent, ("dead: loudest 50 ms at -120 dBFS", "faint: loudest 50 ms at -55 dBFS")),
        (short, ("brief: 0.40 s",)),
    ],
)
def test_bad_clips_are_named_worst_first_when_some_are_bad(
    check: object, concerned: tuple[str, ...], make_clip: MakeClip
) -> None:
    (finding,) = check([make_clip(name) for name in FACTS], FACTS)  # pyright: ignore[reportCallIssue]
    assert finding.concerned == concerned
    assert finding.what.startswith(f"{len(concerned)} of 7 recordings are ")
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize("check", [clipped, silent, short])
def test_nothing_is_found_when_all_clips_are_good_or_unmeasured(check: object, make_clip: MakeClip) -> None:
    clips = [make_clip("good"), make_clip("unmeasured")]
    assert check(clips, {"good": GOOD}) == []  # pyright: ignore[reportCallIssue]


def test_missing_clips_are_an_error_when_others_are_there(make_clip: MakeClip) -> None:
    there, gone = make_clip("there"), make_clip("gone")
    there.path.write_bytes(b"x")
    (finding,) = missing_or_unreadable([there, gone], Recordings({}, {}))
    assert finding.severity is Severity.ERROR
    assert finding.concerned == ("gone",)
    assert no_audio([there, gone], "here") == []


def test_audio_is_only_skipped_when_no_clip_is_there(make_clip: MakeClip) -> None:
    clips = [make_clip("gone"), make_clip("lost")]
    assert missing_or_unreadable(clips, Recordings({}, {})) == []
    (finding,) = no_audio(clips, "here")
    assert finding.severity is Severity.SKIPPED
    assert finding.line == (
        "skipped: here: none of the 2 recordings is below this folder, so none was listened to; "
        "it may hide faults; set data.root to the recordings"
    )


def test_unreadable_clips_are_an_error_when_there_are_any(make_clip: MakeClip) -> None:
    clip = make_clip("bad")
    clip.path.write_bytes(b"x")
    (finding,) = missing_or_unreadable([clip], Recordings({}, {"bad": "bad.wav can't be read"}))
    assert finding.severity is Severity.ERROR
    assert finding.concerned == ("bad.wav can't be read",)
