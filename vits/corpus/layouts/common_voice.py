"""Common Voice as it is downloaded: https://commonvoice.mozilla.org/datasets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vits.common.errors import InputError
from vits.common.readers import is_file, is_folder, shown_path
from vits.common.registry import register
from vits.corpus.layouts.headed_table import headed, is_of_common_voice, rows_of
from vits.corpus.layouts.layout import Layout, Place, Rows
from vits.corpus.layouts.own_splits import without_useless_splits
from vits.corpus.table_text import Table
from vits.corpus.tables_of_folder import TableOfSplit

WHOLE = "validated.tsv"


@register("layout", "common_voice")
@dataclass(frozen=True)
class CommonVoice(Layout):
    """`clips/`, and `train.tsv`, `dev.tsv` and `test.tsv`, or else `validated.tsv`, with client_id, path and sentence.

    Each client is a speaker; `data.speakers` chooses some. Its splits divide the speakers, and are used only where
    they don't.
    """

    needs: ClassVar[str] = "clips/ and train.tsv, dev.tsv, test.tsv or validated.tsv with client_id|path|sentence"

    def found(self, place: Place) -> str | None:
        tables = _tables(place) if is_folder(place.audio / "clips") else []
        if not tables or not all(is_of_common_voice(place, table) for table, _ in tables):
            return None
        return f"Common Voice (clips/ and {', '.join(table.path.name for table, _ in tables)})"

    def read(self, place: Place) -> Rows:
        tables = _tables(place)
        if not tables:
            raise InputError(f"{shown_path(place.folder)} has no table with a header; it needs {self.needs}")
        rows = [row for table, split in tables for row in rows_of(table, split)]
        return without_useless_splits(rows) if len(tables) > 1 else Rows(rows)


def _tables(place: Place) -> list[tuple[Table, str | None]]:
    """The tables that have a header, with their splits."""
    whole = place.folder / WHOLE
    found = place.tables or ([TableOfSplit(whole, None)] if is_file(whole) else [])
    return [(table, of_split.split) for of_split in found if (table := headed(of_split)) is not None]
