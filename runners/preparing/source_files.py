"""Which recordings there are, and whose voice is in each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vits.common.errors import InputError
from vits.common.names import check_distinct, check_visible, shown
from vits.common.readers import is_file, is_folder, shown_path
from vits.corpus.speaker_folders import speaker_depth

SUFFIXES = frozenset(
    (
        *(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".m4b", ".aac", ".mp4", ".webm", ".mka", ".wma"),
        *(".aif", ".aiff", ".au", ".caf", ".w64"),
    )
)
SETTLE = "give speaker_folder=1 for the first, or speaker_folder=2 for the second"
FEW = 4  # files beside each other, each of which may well be a voice of its own


@dataclass(frozen=True)
class Source:
    """A recording; `name` is its path below what was given, without suffix, and unique among a speaker's."""

    path: Path
    speaker: str
    name: str


def find_sources(audio: str, speaker: str | None, out: Path, speaker_folder: int | None = None) -> list[Source]:
    """All recordings, in the order of their paths.

    Whose voice they are says `speaker`, or the folder that lies `speaker_folder` deep, which is found out by default.

    Raises:
        InputError: there are none, it isn't clear whose voice they are, or the corpus would lie among them.
    """
    given = [Path(text.strip()).expanduser() for text in audio.split(",") if text.strip()]
    whole = Path(audio).expanduser()
    found = [
        source
        for path in ([whole] if whole.exists() else given)
        for source in _below(path, speaker, out, speaker_folder)
    ]
    if not found:
        raise InputError(f"audio={shown(audio)} holds no recording; give a folder or files of {_formats()}")
    twice, count = Counter((source.speaker, source.name.casefold()) for source in found).most_common(1)[0]
    if count > 1:
        raise InputError(
            f"{shown(twice[1])} of the speaker {twice[0]} is there {count} times; rename one, or remove it"
        )
    speakers = [check_visible(source.speaker, "speaker", audio) for source in found]
    check_distinct(speakers, "speaker", audio)
    if any("|" in name for name in speakers):
        raise InputError(f"a speaker's name can't hold |, as in {next(n for n in speakers if '|' in n)!r}; rename it")
    return [Source(s.path, name, s.name) for s, name in zip(found, speakers, strict=True)]


def _below(path: Path, speaker: str | None, out: Path, speaker_folder: int | None) -> list[Source]:
    if is_file(path):
        return [Source(path, speaker or path.stem, path.stem)]
    if not is_folder(path):
        raise InputError(f"there is no file or folder {shown_path(path)}; correct audio=...")
    if out.resolve().is_relative_to(path.resolve()):
        raise InputError(
            f"out={shown_path(out)} lies in {shown_path(path)}, among the recordings; choose another folder"
        )
    files = [p for p in sorted(path.rglob("*")) if p.suffix.lower() in SUFFIXES and is_file(p) and p.name[0] != "."]
    if speaker is not None:
        return [Source(file, speaker, "-".join(_parts(file, path))) for file in files]
    _check_whose([file for file in files if file.parent == path], path)
    depth = speaker_folder or speaker_depth([file.relative_to(path) for file in files], path, SETTLE)
    return [_of_folder(file, path, depth) for file in files]


def _of_folder(file: Path, folder: Path, depth: int) -> Source:
    """A recording of the speaker whose folder lies so deep, or one that lies above and is called like its speaker."""
    parts = _parts(file, folder)
    if len(parts) > depth:
        return Source(file, parts[depth - 1], "-".join((*parts[: depth - 1], *parts[depth:])))
    if len(parts) == 1:
        return Source(file, parts[0], parts[0])
    raise InputError(
        f"{shown_path(file)} lies in no folder of a speaker {depth} deep, as speaker_folder={depth} says; move it, or "
        "give a smaller speaker_folder"
    )


def _parts(file: Path, folder: Path) -> tuple[str, ...]:
    return file.relative_to(folder).with_suffix("").parts


def _check_whose(files: Sequence[Path], folder: Path) -> None:
    """Many files beside each other are either one voice's sentences or as many voices."""
    if len(files) > FEW:
        raise InputError(
            f"{shown_path(folder)} holds {len(files)} recordings ({files[0].name}, {files[1].name}, ...), which may be "
            "one voice's or one of each voice; give speaker=<name> if they are of one, or put each voice's into a "
            "folder of its name"
        )


def _formats() -> str:
    return ", ".join(sorted(SUFFIXES))
