"""Transcripts beside recordings: their formats, and which words belong to which piece."""

from __future__ import annotations

from pathlib import Path

import pytest

from runners.preparing.aligned_text import divided
from runners.preparing.beside_audio import transcript_beside
from runners.preparing.texts_of_pieces import are_words, lines_joined, spans_of_lines, words_within
from runners.preparing.timed_text import Cue, read_cues
from runners.preparing.voice_activity import Span
from vits.common.errors import InputError

SRT = """1
00:00:01,000 --> 00:00:02,500
<i>Hello, you.</i>

2
00:00:03,000 --> 00:00:04,250
- How are
you? [laughs]

3
00:01:00,000 --> 00:01:01,000
[music]
"""
VTT = """WEBVTT - a title

NOTE nobody speaks here

intro
00:01.000 --> 00:02.500 align:start
<v Anna>Hello, you.</v>

00:03.000 --> 00:04.250
How are
you &amp; yours?
"""
LONG_GRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 4.5
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 4.5
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 4.5
            text = "h"
    item [2]:
        class = "TextTier"
        name = "clicks"
        xmin = 0
        xmax = 4.5
        points: size = 1
        points [1]:
            number = 1.5
            mark = "click"
    item [3]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 4.5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 1
            text = ""
        intervals [2]:
            xmin = 1
            xmax = 2.5
            text = "Hello, ""you""."
        intervals [3]:
            xmin = 3
            xmax = 4.25
            text = "How are 2 [you]?"
"""
SHORT_GRID = """File type = "ooTextFile"
Object class = "TextGrid"

0
4.5
<exists>
1
"IntervalTier"
"sentences"
0
4.5
2
1
2.5
"Hello, you."
3
4.25
"How are you?"
"""


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.srt", SRT, ["Hello, you.", "How are you?"]),
        ("a.SRT", SRT.replace("\n", "\r\n"), ["Hello, you.", "How are you?"]),
        ("a.vtt", VTT, ["Hello, you.", "How are you & yours?"]),
        ("a.TextGrid", LONG_GRID, ['Hello, "you".', "How are 2 ?"]),
        ("a.TextGrid", SHORT_GRID, ["Hello, you.", "How are you?"]),
    ],
)
def test_lines_and_their_times_are_read_when_they_have_them(
    name: str, text: str, said: list[str], tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode())
    cues = read_cues(path)
    assert [cue.text for cue in cues] == said
    assert [(cue.start_s, cue.end_s) for cue in cues] == [(1.0, 2.5), (3.0, 4.25)]


def test_textgrid_is_read_when_praat_wrote_it_in_utf_16(tmp_path: Path) -> None:
    path = tmp_path / "a.TextGrid"
    path.write_bytes(SHORT_GRID.encode("utf-16"))
    assert read_cues(path)[0].text == "Hello, you."


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.srt", "no times at all", "has no line with a time and words"),
        ("a.srt", "00:00:05,000 --> 00:00:01,000\nBack.\n", "ends before it begins"),
        ("a.TextGrid", "nothing of Praat's", "is no TextGrid"),
        ("a.TextGrid", SHORT_GRID[:-40], "is no TextGrid"),
        ("a.TextGrid", SHORT_GRID.replace("sentences", "phones"), "has no tier of words or sentences, but phones"),
        ("a.txt", " \n", "is empty"),
        ("a.lab", "0 1000000 h\n1000000 2000000 e\n", "holds HTK labels"),
        ("a.txt", "caf\xe9", "not UTF-8"),
    ],
)
def test_transcript_is_refused_in_one_line_when_it_is_malformed(
    name: str, text: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=told) as raised:
        transcript_beside(tmp_path / "a.wav")
    assert "\n" not in str(raised.value)


def test_transcript_with_times_is_preferred_when_there_are_several(tmp_path: Path) -> None:
    for name, text in (("A.txt", "Hello."), ("a.lab", "Hello,\n  you."), ("a.normalized.txt", "hello you")):
        (tmp_path / name).write_text(text)
        found = transcript_beside(tmp_path / "a.wav")
        assert found is not None
        assert found.text == " ".join(text.split())
    (tmp_path / "a.srt").write_text(SRT)
    found = transcript_beside(tmp_path / "a.wav")
    assert found is not None
    assert (found.kind, len(found.cues)) == ("srt", 2)
    assert transcript_beside(tmp_path / "b.wav") is None


def test_lines_become_one_when_a_sentence_goes_on_or_is_too_short() -> None:
    cues = [
        Cue(0.0, 2.0, "It goes"),
        Cue(2.1, 4.0, "on."),
        Cue(4.2, 5.0, "Yes."),
        Cue(5.1, 9.0, "This is long."),
        Cue(20.0, 23.0, "x"),
    ]
    joined = lines_joined(cues, 2.0, 12.0)
    assert [(cue.start_s, cue.end_s, cue.text) for cue in joined] == [
        (0, 4, "It goes on."),
        (4.2, 9, "Yes. This is long."),
        (20, 23, "x"),
    ]
    assert len(lines_joined(cues[:2], 2.0, 3.0)) == 2, "together they would be too long"


def test_lines_are_moved_to_the_pauses_that_they_mean_when_they_are_late() -> None:
    runs = [Span(1.0, 2.0), Span(2.2, 3.0), Span(4.0, 6.0)]
    cues = [Cue(1.2, 3.4, "one"), Cue(4.1, 6.3, "two"), Cue(8.0, 9.0, "nobody")]
    assert spans_of_lines(cues, runs, 10.0) == [Span(1.0, 3.0), Span(4.0, 6.0), None]


def test_words_belong_to_the_piece_in_which_their_middle_lies() -> None:
    cues = [Cue(0.1, 0.5, "one"), Cue(0.6, 0.9, "two"), Cue(1.5, 1.9, "three")]
    assert are_words(cues)
    assert words_within(cues, Span(0.0, 1.0)) == "one two"


TEXT = "The quick brown fox jumps. Over the lazy dog, it ran away! And nobody saw it again."


@pytest.mark.parametrize(
    ("heard", "found"),
    [
        (
            ["the quick brown fox jumps", "over the lazy dog it ran away", "and nobody saw it again"],
            ["The quick brown fox jumps.", "Over the lazy dog, it ran away!", "And nobody saw it again."],
        ),
        (
            ["the quick brown box jams", "offer the lazy dog it ran away", "and nobody saw it a gain"],
            ["The quick brown fox jumps.", "Over the lazy dog, it ran away!", "And nobody saw it again."],
        ),
        (["the quick brown fox jumps", "something else was said", "and nobody saw it again"], None),
        (["over the lazy dog it ran away"], ["Over the lazy dog, it ran away!"]),
        ([""], [""]),
    ],
)
def test_text_is_divided_by_what_was_heard_when_it_has_no_times(heard: list[str], found: list[str] | None) -> None:
    told = divided(TEXT, heard)
    if found is None:
        assert (told[0], told[1], told[2]) == ("The quick brown fox jumps.", "", "And nobody saw it again.")
    else:
        assert told == found
