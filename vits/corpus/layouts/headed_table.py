"""Tables whose header says what is what: this project's, coqui's, spreadsheets', and most others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vits.common.errors import InputError
from vits.common.names import shown
from vits.common.readers import is_folder, shown_path
from vits.common.registry import register
from vits.corpus.layouts.layout import Layout, Place, Row, Rows
from vits.corpus.layouts.own_splits import without_useless_splits
from vits.corpus.table_columns import PATH, PHONEMES, SPEAKER, SPLIT, Columns, columns_of, is_header, plain_name
from vits.corpus.table_text import NAMES, Table, possible_separators, read_separated
from vits.corpus.tables_of_folder import TableOfSplit, split_called

CLIENT = "client_id"  # what Common Voice calls a speaker


@register("layout", "table")
@dataclass(frozen=True)
class HeadedTable(Layout):
    """A table with a header, in any case: a column of paths, one of texts, and where there are several, of speakers.

    Columns `split`, `phonemes` (IPA) and a normalised text are used, others left out. `|`, tabs, semicolons or commas
    separate. There may be one table for each split.
    """

    needs: ClassVar[str] = "metadata.csv with a header such as path|speaker|text or audio_file|text|speaker_name"

    def found(self, place: Place) -> str | None:
        tables = [headed(found) for found in place.tables]
        known = [table for table in tables if table is not None]
        if not known or len(known) < len(tables) or is_of_common_voice(place, known[0]):
            return None
        names = " and ".join(table.path.name for table in known)
        return f"{names} ({shown('|'.join(known[0].lines[0][1]), quoted=False)}; {known[0].dialect})"

    def read(self, place: Place) -> Rows:
        found = [(of_split, headed(of_split)) for of_split in place.tables]
        rows = [row for of_split, table in found if table is not None for row in rows_of(table, of_split.split)]
        return without_useless_splits(rows) if len(found) > 1 else Rows(rows)


def headed(found: TableOfSplit) -> Table | None:
    """The table, if its first line names recordings and texts.

    Raises:
        InputError: with several separators it does.
    """
    tables = [read_separated(found.path, separator) for separator in possible_separators(found.path)]
    known = [table for table in tables if is_header(table.lines[0][1])]
    if len(known) > 1:
        raise InputError(
            f"{shown_path(found.path)}:1: the header may be separated by {NAMES[known[0].separator]} or by "
            f"{NAMES[known[1].separator]}; use one of them"
        )
    return known[0] if known else None


def is_of_common_voice(place: Place, table: Table) -> bool:
    """Whether it is a table of Common Voice, beside its `clips/`."""
    return CLIENT in map(plain_name, table.lines[0][1]) and is_folder(place.audio / "clips")


def rows_of(table: Table, split: str | None) -> list[Row]:
    """The rows of a table with a header; `split` is that of the table, if it has one.

    Raises:
        InputError: a line hasn't the header's fields, or lacks what is needed.
    """
    (number, header), *lines = table.lines
    columns = columns_of(header, f"{shown_path(table.path)}:{number}")
    return [_row(table, columns, number, fields, split) for number, fields in lines]


def _row(table: Table, columns: Columns, number: int, fields: list[str], split: str | None) -> Row:
    """The row of one line."""
    where = f"{shown_path(table.path)}:{number}"
    if len(fields) != columns.width:
        inside = NAMES[table.separator]
        quotes = "in quotes where a text has" if table.quoted or table.separator != "|" else "without a text that has"
        raise InputError(
            f"{where}: {len(fields)} fields where the header has {columns.width}; write as many, {quotes} {inside}"
        )
    return Row(
        where=where,
        path=columns.value(fields, PATH),
        speaker=columns.value(fields, SPEAKER) if SPEAKER in columns.places else None,
        text=columns.text(fields),
        phonemes=columns.value(fields, PHONEMES) or None,
        split=split or split_called(columns.value(fields, SPLIT)),
    )
