"""Recordings with their texts beside them, as aligners and many a hand lay them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import ClassVar

from vits.common.readers import read_text, shown_path
from vits.common.registry import register
from vits.corpus.audio_files import SUFFIXES
from vits.corpus.layouts.layout import Layout, Place, Row, Rows, alone_left_out, files_in, folders_in
from vits.corpus.speaker_folders import speaker_depth

TEXTS = (".lab", ".txt")
LOOKED_INTO = 1000  # folders, to see what a corpus is
SETTLE = "lay the recordings of each voice into a folder of its name, one below the other"


@register("layout", "beside")
@dataclass(frozen=True)
class Beside(Layout):
    """`<speaker>/*.wav` with `*.txt` or `*.lab`, which hold a sentence; of one voice also without its folder.

    Folders in a speaker's folder are sessions. What has a recording and no text, or a text and no recording, is left
    out and counted.
    """

    needs: ClassVar[str] = f"*.wav with {' or '.join(f'*{suffix}' for suffix in TEXTS)} beside it"

    def found(self, place: Place) -> str | None:
        if place.tables:  # which say more
            return None
        folders = islice(_folders(place.audio), LOOKED_INTO)
        first = next((recordings[name] for recordings, texts in folders for name in recordings if name in texts), None)
        return None if first is None else f"recordings with their texts beside them ({first.name}, ...)"

    def read(self, place: Place) -> Rows:
        pairs, lone = [], 0
        for recordings, texts in _folders(place.audio):
            pairs += [(recordings[name], texts[name]) for name in recordings if name in texts]
            lone += len(recordings.keys() ^ texts.keys())
        depth = speaker_depth([recording.relative_to(place.audio) for recording, _ in pairs], place.audio, SETTLE)
        rows = [_row(place, recording, text, depth) for recording, text in pairs]
        return Rows(rows, alone_left_out(lone))


def _folders(root: Path) -> Iterator[tuple[dict[str, Path], dict[str, Path]]]:
    """The recordings and the texts of each folder below, by their names without suffix."""
    folders = [root]
    while folders:
        folder = folders.pop(0)
        files = files_in(folder)
        yield _of(files, SUFFIXES), _of(files, TEXTS)
        folders += folders_in(folder)


def _of(files: Sequence[Path], suffixes: Sequence[str]) -> dict[str, Path]:
    return {path.stem: path for suffix in reversed(suffixes) for path in files if path.suffix.lower() == suffix}


def _row(place: Place, recording: Path, text: Path, depth: int) -> Row:
    path = recording.relative_to(place.audio)
    speaker = path.parts[depth - 1] if len(path.parts) > depth else None
    return Row(shown_path(text), path.as_posix(), speaker, " ".join(read_text(text).split()))
