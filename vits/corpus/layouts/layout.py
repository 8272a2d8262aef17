"""What a way of laying a corpus out is: it says whether a folder is one, and reads it into rows.

A layout of one's own is a file beside this one:

    @register("layout", "beside")
    @dataclass(frozen=True)
    class TextsBeside(Layout):
        \"\"\"A folder for each speaker, and beside each recording its text.\"\"\"

        needs: ClassVar[str] = "<speaker>/*.wav with *.txt"

        def found(self, place: Place) -> str | None:
            return "texts beside recordings" if any(place.folder.glob("*/*.txt")) else None

        def read(self, place: Place) -> Rows:
            texts = sorted(place.folder.glob("*/*.txt"))
            return Rows([Row(str(t), str(t.with_suffix(".wav")), t.parent.name, read_text(t)) for t in texts])
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from vits.common.errors import InputError
from vits.common.readers import shown_path
from vits.corpus.tables_of_folder import TableOfSplit, tables_of


@dataclass(frozen=True)
class Place:
    """Where to look: the corpus's folder, the one that recordings lie below, and a table that was named, if one was."""

    folder: Path
    audio: Path
    table: Path | None = None

    @cached_property
    def tables(self) -> list[TableOfSplit]:
        """Its tables: the one that was named, one of everything, or one for each split.

        Raises:
            InputError: which of them are the corpus's can't be told.
        """
        return [TableOfSplit(self.table, None)] if self.table is not None else tables_of(self.folder)


@dataclass(frozen=True)
class Row:
    """What a corpus says of one recording, and where ("metadata.csv:3").

    `path` is as written, or below the folder of the recordings. No speaker: that of the whole corpus.
    """

    where: str
    path: str
    speaker: str | None
    text: str
    phonemes: str | None = None
    split: str | None = None


@dataclass(frozen=True)
class Rows:
    """All rows of a corpus, and remarks on what was left out or is done otherwise than it says."""

    rows: Sequence[Row]
    remarks: tuple[str, ...] = ()


def alone_left_out(count: int) -> tuple[str, ...]:
    """The remark on what has a recording and no text, or a text and no recording; none where nothing has."""
    return (f"{count} recordings without a text or texts without a recording left out",) if count else ()


def only_list(place: Place, lists: Sequence[Path]) -> Path | None:
    """The one list of a corpus; none where there is none.

    Raises:
        InputError: there are several.
    """
    if len(lists) > 1:
        raise InputError(
            f"{shown_path(place.folder)} may be read from {lists[0].name} or from {lists[1].name}; name one with "
            "data.table"
        )
    return lists[0] if lists else None


class Layout(ABC):
    """A way of laying a corpus out; a frozen dataclass without fields."""

    needs: ClassVar[str]
    """What makes a folder one, as an error says it."""

    @abstractmethod
    def found(self, place: Place) -> str | None:
        """What the folder is, in a few words, if it is one; quick, and without reading all of it.

        Raises:
            InputError: it is one, but how it is to be read can't be told.
        """

    @abstractmethod
    def read(self, place: Place) -> Rows:
        """Its rows.

        Raises:
            InputError: a line is malformed.
        """


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder by their names, hidden ones left out; none where it can't be listed."""
    return list(_entries(folder, folders=True))


def files_in(folder: Path) -> list[Path]:
    """The files in a folder by their names, hidden ones left out; none where it can't be listed."""
    return list(_entries(folder, folders=False))


def _entries(folder: Path, *, folders: bool) -> Iterator[Path]:
    with suppress(OSError):
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
        yield from (entry for entry in entries if entry.is_dir() == folders)
