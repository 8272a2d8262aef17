"""Which file a table means: below the corpus, whatever machine the path was written on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from vits.common.errors import InputError
from vits.common.names import shown
from vits.common.readers import is_file, shown_path

SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3")
FOLDERS = ("", "wavs", "wav", "clips", "audio")
"""Where recordings lie below a corpus, the table often without saying so."""
_DRIVE = re.compile(r"^[A-Za-z]:(?=/|$)")


@dataclass(frozen=True)
class AudioFiles:
    """The recordings below a folder. No path leads out of it: not `..`, and no absolute one."""

    folder: Path
    _names: dict[Path, set[str]] = field(default_factory=dict, repr=False, compare=False)

    def find(self, written: str, where: str) -> PurePosixPath:
        """The path below the folder of the recording that is meant, also where there is none.

        With or without suffix, in the folder itself or in one of `FOLDERS`. A path of another machine, absolute or
        with Windows' drive, means the recording that lies here under the last parts of it, as many as fit.

        Raises:
            InputError: it leads out of the folder, names nothing, or may mean two recordings.
        """
        path = written.replace("\\", "/")
        parts = PurePosixPath(_DRIVE.sub("", path)).parts
        if ".." in parts or not PurePosixPath(path).name:
            raise self._outside(written, where)
        if path.startswith("/") or _DRIVE.match(path):
            return self._moved(written, PurePosixPath(path), where)
        relative = PurePosixPath(path)
        return self._existing(relative, where) or relative

    def _moved(self, written: str, path: PurePosixPath, where: str) -> PurePosixPath:
        """What an absolute path means."""
        folder = self.folder.absolute()
        if Path(path).is_relative_to(folder):
            below = PurePosixPath(Path(path).relative_to(folder).as_posix())
            return self._existing(below, where) or below
        for tail in _tails(path):
            found = self._existing(tail, where)
            if found is not None and is_file(Path(path)):
                absolute = shown(written, longest=300)
                raise InputError(
                    f"{where}: {absolute} may be that file or {shown(str(found))} in {shown_path(self.folder)}; "
                    "give a path relative to that folder, or set data.audio to the folder that holds the recordings"
                )
            if found is not None:
                return found
        raise self._outside(written, where)

    def _existing(self, path: PurePosixPath, where: str) -> PurePosixPath | None:
        """The one recording that a relative path may mean, if it is there."""
        if self._is_there(path):
            return path
        found = [candidate for candidate in _meant(path) if self._is_there(candidate)]
        if len(found) > 1:
            raise InputError(
                f"{where}: {shown(str(path))} may be {shown(str(found[0]))} or {shown(str(found[1]))} in "
                f"{shown_path(self.folder)}; give the whole path, with suffix"
            )
        return found[0] if found else None

    def _is_there(self, path: PurePosixPath) -> bool:
        """Whether a file of that path is listed; each folder is listed once."""
        parent = self.folder / path.parent
        if parent not in self._names:
            try:
                self._names[parent] = {entry.name for entry in parent.iterdir()}
            except (OSError, ValueError):  # there is none, it may not be read, or the path is none
                self._names[parent] = set()
        return path.name in self._names[parent] and is_file(self.folder / path)

    def _outside(self, written: str, where: str) -> InputError:
        return InputError(
            f"{where}: {shown(written, longest=300)} isn't below {shown_path(self.folder)}; give a path relative "
            "to that folder, or set data.audio to the folder that holds the recordings"
        )


def without_suffix(path: PurePosixPath) -> str:
    """A recording's name: its path without suffix."""
    return str(path.with_suffix(""))


def _meant(path: PurePosixPath) -> Iterator[PurePosixPath]:
    """Paths that a path may stand for, but for itself."""
    for folder in FOLDERS:
        for suffix in ("", *SUFFIXES):
            if folder or suffix:
                yield PurePosixPath(folder) / path.parent / f"{path.name}{suffix}"


def _tails(path: PurePosixPath) -> Iterator[PurePosixPath]:
    """The last parts of an absolute path, the longest first."""
    parts = path.parts[1:]
    for start in range(len(parts)):
        yield PurePosixPath(*parts[start:])
