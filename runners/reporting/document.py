"""What a report consists of, whatever it is written as: sections of paragraphs, tables, figures and players."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from runners.reporting.listening_audio import Listening
from runners.reporting.picture import Picture


@dataclass(frozen=True)
class Entry:
    """One field of a table; `detail` follows in smaller print, such as an interval.

    `mark` is a short remark that belongs to it, such as "its own teacher".
    Strong ones stand out; one aside at the head of a row says that the row is no system.
    """

    text: str
    detail: str = ""
    mark: str = ""
    is_strong: bool = False
    is_aside: bool = False


@dataclass(frozen=True)
class Table:
    """A table to read. The first `n_labels` columns name the row, the others hold numbers and short words."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]
    n_labels: int = 1
    notes: tuple[str, ...] = ()
    folded: bool = False


@dataclass(frozen=True)
class Points:
    """Sentences one below the other, under a title of their own if it isn't empty."""

    sentences: tuple[str, ...]
    title: str = ""
    folded: bool = False


Block = Table | Picture | Points | Listening


@dataclass(frozen=True)
class Section:
    """A part of the report; `anchor` is its place in links."""

    anchor: str
    title: str
    paragraphs: tuple[str, ...]
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, eq=False)
class Document:
    """The whole report: sections to read, and `data`, the same numbers in full as tables by file name."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    data: Mapping[str, pd.DataFrame]

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All figures, in their order."""
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Picture))
