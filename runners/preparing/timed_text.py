"""Texts with times: SubRip and WebVTT subtitles, and Praat's TextGrids."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from vits.common.errors import InputError
from vits.common.readers import LARGEST_TEXT_BYTES, decode_typed_text, read_bytes, shown_path

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}")
_TAGS = re.compile(r"<[^>]*>|\{\\[^}]*\}")
_NOT_SPOKEN = re.compile(r"\[[^\]]*\]|\([^)]*\)|[♪♫#]+")
_TOKENS = re.compile(r'"((?:[^"]|"")*)"|(?<![\w\[.])(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?![\w\].])')
_PHONES = ("phon", "segment")


@dataclass(frozen=True)
class Cue:
    """What is said from one second to another."""

    start_s: float
    end_s: float
    text: str

    @property
    def middle_s(self) -> float:
        return (self.start_s + self.end_s) / 2


def read_cues(path: Path) -> list[Cue]:
    """The cues of a .srt, .vtt or .TextGrid file that say something, in the order of their times.

    Raises:
        InputError: it is malformed, or says nothing.
    """
    text = decode_typed_text(read_bytes(path, LARGEST_TEXT_BYTES), shown_path(path)).replace("\r\n", "\n")
    cues = [cue for cue in READERS[path.suffix.lower()](text, shown_path(path)) if cue.text]
    if not cues:
        raise InputError(f"{shown_path(path)} has no line with a time and words; correct it, or remove it")
    cues.sort(key=lambda cue: cue.start_s)
    late = next((after for before, after in pairwise(cues) if after.start_s < before.middle_s), None)
    backwards = next((cue for cue in cues if cue.end_s < cue.start_s), late)
    if backwards is not None:
        raise InputError(
            f"{shown_path(path)}: the text at {backwards.start_s:.2f} s ends before it begins, or overlaps the one "
            "before it by more than half; correct the times"
        )
    return cues


def _subtitles(text: str, source: str) -> list[Cue]:
    """Blocks of a line with times and lines of text, apart by empty lines; anything else is ignored."""
    cues = []
    for block in re.split(r"\n\s*\n", text):
        lines = block.split("\n")
        place = next((n for n, line in enumerate(lines) if _TIMES.match(line)), None)
        if place is not None:
            found = _TIMES.match(lines[place])
            assert found is not None, "it was just found"
            fields = found.groups()
            cues.append(Cue(_seconds(fields[:4]), _seconds(fields[4:]), _spoken(" ".join(lines[place + 1 :]))))
    return cues


def _seconds(fields: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = fields
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + float(f"0.{fraction}")


def _spoken(text: str) -> str:
    """What is said of a subtitle: no tags, no sounds in brackets, no dash before a speaker's turn."""
    plain = _NOT_SPOKEN.sub(" ", html.unescape(_TAGS.sub(" ", text)))
    return re.sub(r"^[-–—]\s*", "", " ".join(plain.split()))


def _textgrid(text: str, source: str) -> list[Cue]:
    """The intervals of the first tier that isn't one of phones.

    The long and the short text format are one: numbers and quoted texts in the same order, whatever else stands
    between them (Praat's manual, "TextGrid file formats").
    """
    tokens: list[str | float] = [
        quoted.replace('""', '"') if number == "" else float(number) for quoted, number in _TOKENS.findall(text)
    ]
    try:
        tiers = _tiers(tokens)
    except (ValueError, IndexError, TypeError):
        raise InputError(f"{source} is no TextGrid in Praat's text format; save it as text, or remove it") from None
    words = [name for name in tiers if not any(part in name.lower() for part in _PHONES)]
    if not words:
        raise InputError(f"{source} has no tier of words or sentences, but {', '.join(tiers) or 'none'}; add one")
    return tiers[words[0]]


def _tiers(tokens: list[str | float]) -> dict[str, list[Cue]]:
    """The interval tiers by name; those of points are passed over."""
    tiers: dict[str, list[Cue]] = {}
    place = tokens.index("TextGrid") + 4  # behind it are the times of begin and end, and the number of tiers
    while place < len(tokens):
        kind, name, count = tokens[place], str(tokens[place + 1]), int(float(tokens[place + 4]))
        width = 3 if kind == "IntervalTier" else 2
        fields = tokens[place + 5 : place + 5 + width * count]
        if kind == "IntervalTier":
            tiers[name] = [
                Cue(float(fields[n]), float(fields[n + 1]), _spoken(str(fields[n + 2]))) for n in range(0, 3 * count, 3)
            ]
        place += 5 + width * count
    return tiers


READERS: Mapping[str, Callable[[str, str], list[Cue]]] = {
    ".srt": _subtitles,
    ".vtt": _subtitles,
    ".textgrid": _textgrid,
}
