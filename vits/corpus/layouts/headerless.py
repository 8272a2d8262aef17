"""Tables without a header, of two or three columns, whose meaning is seen from what they hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vits.common.errors import InputError
from vits.common.readers import is_file, shown_path
from vits.corpus.audio_files import AudioFiles
from vits.corpus.layouts.layout import Place, Row, Rows
from vits.corpus.layouts.own_splits import without_useless_splits
from vits.corpus.table_columns import is_header
from vits.corpus.table_text import IN_PROSE, NAMES, Table, possible_separators, read_separated
from vits.corpus.tables_of_folder import TableOfSplit

LOOKED_AT = 5  # lines whose recordings are looked for, to tell an unknown header from a recording
OF_A_SPEAKER = 3  # recordings, the fewest that a split can be made of


@dataclass(frozen=True)
class HeaderlessTables:
    """The tables of a corpus with the split of each."""

    tables: Sequence[tuple[Table, str | None]]

    @property
    def lines(self) -> list[list[str]]:
        return [fields for table, _ in self.tables for _, fields in table.lines]

    @property
    def width(self) -> int:
        """How many columns they have."""
        return max(map(len, self.lines))

    def column(self, place: int) -> list[str]:
        return [fields[place] for fields in self.lines]

    def described(self, columns: str) -> str:
        """What they are, in words."""
        names = " and ".join(table.path.name for table, _ in self.tables)
        return f"{names} without a header ({columns}; {self.tables[0][0].dialect})"

    def rows(self, width: int, row: Callable[[str, list[str], str | None], Row]) -> Rows:
        """A row of each line, made of where it stands, its fields and the table's split.

        Raises:
            InputError: a line has another number of fields.
        """
        rows = []
        for table, split in self.tables:
            for number, fields in table.lines:
                where = f"{shown_path(table.path)}:{number}"
                if len(fields) != width:
                    raise InputError(f"{where}: {len(fields)} fields where there must be {width}; correct the line")
                rows.append(row(where, fields, split))
        return without_useless_splits(rows) if len(self.tables) > 1 else Rows(rows)


def headerless(place: Place, widths: Sequence[int]) -> HeaderlessTables | None:
    """The tables, if all lines of them have so many fields and the first is one like the others.

    Raises:
        InputError: how they are separated can't be told.
    """
    found = [(_even(table, widths), table.split) for table in place.tables]
    known = [(table, split) for table, split in found if table is not None]
    if not known or len(known) < len(found):
        return None
    tables = HeaderlessTables(known)
    same = {len(fields) for fields in tables.lines} == {tables.width}
    return tables if same and not any(_begins_otherwise(table, place) for table, _ in known) else None


def headerless_as_said(place: Place) -> HeaderlessTables:
    """The tables, where somebody said what they are.

    Raises:
        InputError: there are none, or they are of one column.
    """
    found = [(_even(table, range(2, 100)) or _separated(table), table.split) for table in place.tables]
    if not found:
        raise InputError(f"{shown_path(place.folder)} has no metadata.csv; create it, or name a table with data.table")
    return HeaderlessTables(found)


def _separated(found: TableOfSplit) -> Table:
    """The uneven table, by its likeliest separator."""
    return read_separated(found.path, (possible_separators(found.path) or ["|"])[0])


def _even(found: TableOfSplit, widths: Sequence[int]) -> Table | None:
    """The table with the separator by which all its lines have as many fields."""
    tables = [read_separated(found.path, separator) for separator in possible_separators(found.path)]
    even = [table for table in tables if table.is_even and len(table.lines[0][1]) in widths]
    sure = [table for table in even if table.separator not in IN_PROSE] or even
    if len(sure) > 1:
        raise InputError(
            f"{shown_path(found.path)} may be separated by {NAMES[sure[0].separator]} or by "
            f"{NAMES[sure[1].separator]}; give it a header, such as path{sure[0].separator}speaker"
            f"{sure[0].separator}text"
        )
    return sure[0] if sure and not is_header(sure[0].lines[0][1]) else None


def _begins_otherwise(table: Table, place: Place) -> bool:
    """Whether the first line names no recording that is there and the next ones do: a header that isn't known."""
    files = AudioFiles(place.audio)

    def is_there(fields: Sequence[str]) -> bool:
        try:
            return is_file(place.audio / files.find(fields[0], ""))
        except InputError:
            return False

    first, *rest = [fields for _, fields in table.lines[: 1 + LOOKED_AT]]
    return not is_there(first) and any(map(is_there, rest))


@dataclass(frozen=True)
class ThreeColumns:
    """What the second and the third column may be, seen from what they hold.

    A speaker's name comes again and again, or is one word where a text has several; a normalised text says about
    the same as the text before it.
    """

    second: Sequence[str]
    third: Sequence[str]

    @property
    def are_text_and_normalised(self) -> bool:
        return self._are_alike or not (_comes_again(self.second) or _comes_again(self.third))

    @property
    def are_speaker_and_text(self) -> bool:
        return self._names_speakers(self.second, self.third)

    @property
    def are_text_and_speaker(self) -> bool:
        return self._names_speakers(self.third, self.second)

    def _names_speakers(self, speakers: Sequence[str], texts: Sequence[str]) -> bool:
        if _comes_again(speakers) and not _comes_again(texts):
            return True
        return _are_words(speakers) and not _are_words(texts) and not self._are_alike

    @property
    def _are_alike(self) -> bool:
        alike = [_share_words(one, other) for one, other in zip(self.second, self.third, strict=True)]
        return sum(alike) > len(alike) / 2


def three_columns(tables: HeaderlessTables | None) -> ThreeColumns | None:
    """The columns behind that of the recordings, of tables that have three."""
    if tables is None or tables.width != 3:
        return None
    return ThreeColumns(tables.column(1), tables.column(2))


def _comes_again(values: Sequence[str]) -> bool:
    return len(values) >= OF_A_SPEAKER * len(set(values))


def _are_words(values: Sequence[str]) -> bool:
    return all(len(value.split()) == 1 for value in values)


def _share_words(one: str, other: str) -> bool:
    """Whether at least half of the words of the shorter text stand in the other."""
    mine, others = set(one.casefold().split()), set(other.casefold().split())
    return 2 * len(mine & others) >= min(len(mine), len(others)) > 0
