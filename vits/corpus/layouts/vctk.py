"""VCTK as it is downloaded: https://datashare.ed.ac.uk/handle/10283/3443."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from vits.common.errors import InputError
from vits.common.readers import is_folder, read_text, shown_path
from vits.common.registry import register
from vits.corpus.audio_files import SUFFIXES
from vits.corpus.layouts.layout import Layout, Place, Row, Rows, files_in, folders_in

TEXTS = "txt"
RECORDINGS = ("wav48_silence_trimmed", "wav48", "wav16")
MICROPHONES = ("", "_mic1", "_mic2")


@register("layout", "vctk")
@dataclass(frozen=True)
class Vctk(Layout):
    """`txt/p225/p225_001.txt`, and `wav48/p225/p225_001.wav` or `wav48_silence_trimmed/p225/p225_001_mic1.flac`.

    Of two microphones the first one is heard, and the second where there is no other. What has a text and no
    recording, or a recording and no text, is left out and counted.
    """

    needs: ClassVar[str] = f"{TEXTS}/ and {' or '.join(RECORDINGS[:2])}/ with a folder for each speaker"

    def found(self, place: Place) -> str | None:
        if not is_folder(place.folder / TEXTS) or not _folders(place):
            return None
        return f"VCTK ({TEXTS}/ and {_shown(place, _folder(place))}/)"

    def read(self, place: Place) -> Rows:
        folder, rows, spoken, read = _folder(place), [], 0, 0
        for texts in folders_in(place.folder / TEXTS):
            recordings = {path.name: path for path in files_in(folder / texts.name) if path.suffix in SUFFIXES}
            written = [path for path in files_in(texts) if path.suffix == ".txt"]
            found = {path: _of_text(path, recordings) for path in written}
            rows += [_row(place, text, recording) for text, recording in found.items() if recording is not None]
            read += sum(recording is None for recording in found.values())
            spoken += len({_utterance(name) for name in recordings} - {path.stem for path in written})
        counts = (
            f"{read} texts without a recording" * bool(read),
            f"{spoken} recordings without a text" * bool(spoken),
        )
        return Rows(rows, tuple(f"{count} left out" for count in counts if count))


def _folders(place: Place) -> list[Path]:
    """The folders that may hold the recordings: the one that was named, or those of VCTK's names."""
    if place.audio != place.folder:
        return [place.audio]
    return [place.folder / name for name in RECORDINGS if is_folder(place.folder / name)]


def _folder(place: Place) -> Path:
    """The one that does.

    Raises:
        InputError: there are several, or none.
    """
    folders = _folders(place)
    if len(folders) != 1:
        what = " or ".join(_shown(place, folder) for folder in folders) or "nowhere"
        raise InputError(
            f"the recordings of {shown_path(place.folder)} may be in {what}; name their folder with data.audio"
        )
    return folders[0]


def _shown(place: Place, folder: Path) -> str:
    return str(folder.relative_to(place.folder)) if folder.is_relative_to(place.folder) else shown_path(folder)


def _of_text(text: Path, recordings: dict[str, Path]) -> Path | None:
    """The recording of a text."""
    names = (f"{text.stem}{microphone}{suffix}" for microphone in MICROPHONES for suffix in SUFFIXES)
    return next((recordings[name] for name in names if name in recordings), None)


def _utterance(name: str) -> str:
    """Which utterance a recording is of, whatever the microphone."""
    return Path(name).stem.removesuffix(MICROPHONES[1]).removesuffix(MICROPHONES[2])


def _row(place: Place, text: Path, recording: Path) -> Row:
    path = recording.relative_to(place.audio).as_posix()
    return Row(shown_path(text), path, text.parent.name, " ".join(read_text(text).split()))
