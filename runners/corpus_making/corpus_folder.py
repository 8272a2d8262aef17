"""The folder that a corpus grows in: at every moment, `metadata.csv` lists the recordings that are finished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from runners.corpus_making.corpus_plan import PlannedClip
from vits.common.atomic_files import write_atomically
from vits.common.errors import InputError
from vits.corpus.tables_of_folder import TABLE
from vits.corpus.text_file import numbered_lines

HEADER = "path|speaker|text|split|voice"
LOCK = ".being_made"


@contextmanager
def made_by_one(root: Path) -> Iterator[None]:
    """Keep other processes from making a corpus in the same folder meanwhile.

    Raises:
        InputError: one does already, or the folder can't be written to.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / LOCK)
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"another process is making a corpus in {root}; wait until it is done, or choose another folder for out"
        ) from None
    except OSError as error:
        raise InputError(f"can't make the folder {root} ({error.strerror}); choose another for out") from None
    try:
        yield
    finally:
        lock.release()


class CorpusFolder:
    """A folder with the clips of a plan, as far as they are made, and with those of other speakers and splits.

    A finished clip is one that the table lists with the plan's text and voice, and whose file is there. A speaker's
    clips in a split are those of the plan alone.

    Raises:
        InputError: the folder's table is another's.
    """

    def __init__(self, root: Path, plan: Sequence[PlannedClip]) -> None:
        self.root = root
        self._plan = plan
        listed = self._listed()
        planned = {(clip.voice.speaker, clip.split) for clip in plan}
        self._others = [row for row in listed if _speaker_and_split(row) not in planned]
        known = set(listed)
        self._finished = {clip for clip in plan if _row(clip) in known and (root / clip.path).is_file()}

    def unfinished(self) -> list[PlannedClip]:
        """The clips still to be made, a sentence of every voice at a time: what is there at any moment is balanced."""
        return sorted(
            (clip for clip in self._plan if clip not in self._finished), key=lambda clip: Path(clip.path).name
        )

    def add(self, clip: PlannedClip, content: bytes) -> None:
        """Write a clip's file, then list it."""
        write_atomically(self.root / clip.path, content)
        self._finished.add(clip)
        self.write_table()

    def write_table(self) -> None:
        """List what is finished, and nothing that the plan contradicts.

        Raises:
            InputError: the folder can't be written to.
        """
        write_atomically(self.root / TABLE, "".join(f"{line}\n" for line in [HEADER, *self._lines()]).encode())

    def _listed(self) -> list[str]:
        """The rows of the table as it is."""
        table = self.root / TABLE
        if not table.is_file():
            return []
        header, *rows = [line for _, line in numbered_lines(table)] or [""]
        if header != HEADER or any(row.count("|") != HEADER.count("|") for row in rows):
            raise InputError(f"{table} isn't a table that this command wrote ({HEADER}); choose another folder for out")
        return rows

    def _lines(self) -> list[str]:
        return [*self._others, *(_row(clip) for clip in self._plan if clip in self._finished)]


def _row(clip: PlannedClip) -> str:
    return "|".join([clip.path, clip.voice.speaker, clip.text, clip.split, str(clip.voice)])


def _speaker_and_split(row: str) -> tuple[str, str]:
    _, speaker, _, split, _ = row.split("|")
    return speaker, split
