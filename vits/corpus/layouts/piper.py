"""Piper's table of several voices: https://github.com/rhasspy/piper/blob/master/TRAINING.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vits.common.registry import register
from vits.corpus.layouts.headerless import headerless, headerless_as_said, three_columns
from vits.corpus.layouts.layout import Layout, Place, Row, Rows


@register("layout", "piper")
@dataclass(frozen=True)
class Piper(Layout):
    """`id|speaker|text` without a header; VITS' file lists of several speakers are the same."""

    needs: ClassVar[str] = "metadata.csv with id|speaker|text"

    def found(self, place: Place) -> str | None:
        tables = headerless(place, (3,))
        columns = three_columns(tables)
        if tables is None or columns is None or not columns.are_speaker_and_text:
            return None
        return tables.described("id|speaker|text, as Piper")

    def read(self, place: Place) -> Rows:
        def row(where: str, fields: list[str], split: str | None) -> Row:
            return Row(where, fields[0], fields[1], fields[2], split=split)

        return headerless_as_said(place).rows(3, row)
