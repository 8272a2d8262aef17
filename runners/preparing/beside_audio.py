"""The transcript that lies beside a recording, if one does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from runners.preparing.timed_text import READERS, Cue, read_cues
from vits.common.errors import InputError
from vits.common.readers import LARGEST_TEXT_BYTES, decode_typed_text, read_bytes, shown_path

SUFFIXES = (".textgrid", ".srt", ".vtt", ".normalized.txt", ".lab", ".txt")
"""In the order in which they are preferred: with times first; the fourth is LibriTTS'."""
_HTK_LINE = re.compile(r"\d+\s+\d+\s+\S+")


@dataclass(frozen=True)
class Beside:
    """A transcript: its file, and either what is said at which times, or all that is said."""

    path: Path
    cues: tuple[Cue, ...] = ()
    text: str = ""

    @property
    def kind(self) -> str:
        """What prepared.csv calls it: the file's suffix."""
        return self.path.suffix.lower().lstrip(".")


def transcript_beside(audio: Path) -> Beside | None:
    """The transcript of the same name in the same folder; None where there is none.

    Raises:
        InputError: it can't be read, or says nothing.
    """
    by_name = {path.name.lower(): path for path in audio.parent.iterdir() if path.is_file()}
    places = (by_name.get(f"{audio.stem.lower()}{suffix}") for suffix in SUFFIXES)
    path = next((place for place in places if place is not None), None)
    if path is None:
        return None
    if path.suffix.lower() in READERS:
        return Beside(path, cues=tuple(read_cues(path)))
    return Beside(path, text=_plain(path))


def _plain(path: Path) -> str:
    """All words of a text file."""
    text = decode_typed_text(read_bytes(path, LARGEST_TEXT_BYTES), shown_path(path))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and all(_HTK_LINE.match(line) for line in lines):
        raise InputError(
            f"{shown_path(path)} holds HTK labels, which may be words or phonemes; write what is said as plain text, "
            "or as a TextGrid"
        )
    if not lines:
        raise InputError(f"{shown_path(path)} is empty; write what is said, or remove it, so that Whisper listens")
    return " ".join(" ".join(lines).split())
