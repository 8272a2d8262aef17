"""LibriTTS as it is downloaded: Zen et al. 2019, https://www.openslr.org/60/."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from vits.common.readers import read_text, shown_path
from vits.common.registry import register
from vits.corpus.audio_files import SUFFIXES
from vits.corpus.layouts.layout import Layout, Place, Row, Rows, alone_left_out, files_in, folders_in

TEXT = ".normalized.txt"


@register("layout", "libritts")
@dataclass(frozen=True)
class LibriTTS(Layout):
    """`<speaker>/<chapter>/*.wav`, each beside `*.normalized.txt`; a subset such as train-clean-100, or several.

    The subsets divide the speakers, so they are no splits of a voice. What has a recording and no text, or a text and
    no recording, is left out and counted.
    """

    needs: ClassVar[str] = f"<speaker>/<chapter>/*.wav with *{TEXT}"

    def found(self, place: Place) -> str | None:
        subsets = [folder.name for folder in _subsets(place.audio) if folder != place.audio]
        is_one = next((text for folder in _chapters(place.audio) for text in _texts(folder)), None) is not None
        if not is_one:
            return None
        return f"LibriTTS ({', '.join(subsets) or '<speaker>/<chapter>'}/)"

    def read(self, place: Place) -> Rows:
        rows, lone = [], 0
        for chapter in _chapters(place.audio):
            recordings = {path.stem: path for path in files_in(chapter) if path.suffix in SUFFIXES}
            texts = _texts(chapter)
            rows += [_row(place, text, recordings[name]) for name, text in texts.items() if name in recordings]
            lone += len(recordings.keys() ^ texts.keys())
        return Rows(rows, alone_left_out(lone))


def _subsets(root: Path) -> list[Path]:
    """The folders that hold folders of speakers, which have numbers for names."""
    if any(folder.name.isdigit() for folder in folders_in(root)):
        return [root]
    return [folder for folder in folders_in(root) if any(inner.name.isdigit() for inner in folders_in(folder))]


def _chapters(root: Path) -> Iterator[Path]:
    for subset in _subsets(root):
        for speaker in folders_in(subset):
            if speaker.name.isdigit():
                yield from (chapter for chapter in folders_in(speaker) if chapter.name.isdigit())


def _texts(chapter: Path) -> dict[str, Path]:
    """The texts of a chapter by the names of their recordings."""
    return {path.name.removesuffix(TEXT): path for path in files_in(chapter) if path.name.endswith(TEXT)}


def _row(place: Place, text: Path, recording: Path) -> Row:
    speaker = text.parent.parent.name
    return Row(
        shown_path(text), recording.relative_to(place.audio).as_posix(), speaker, " ".join(read_text(text).split())
    )
