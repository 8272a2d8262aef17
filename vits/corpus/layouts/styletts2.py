"""StyleTTS2's table: https://github.com/yl4579/StyleTTS2, "Data Preparation"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vits.common.registry import register
from vits.corpus.layouts.headerless import headerless, headerless_as_said, three_columns
from vits.corpus.layouts.layout import Layout, Place, Row, Rows


@register("layout", "styletts2")
@dataclass(frozen=True)
class StyleTTS2(Layout):
    """`path|text|speaker` without a header."""

    needs: ClassVar[str] = "metadata.csv with path|text|speaker"

    def found(self, place: Place) -> str | None:
        tables = headerless(place, (3,))
        columns = three_columns(tables)
        if tables is None or columns is None or not columns.are_text_and_speaker:
            return None
        return tables.described("path|text|speaker, as StyleTTS2")

    def read(self, place: Place) -> Rows:
        def row(where: str, fields: list[str], split: str | None) -> Row:
            return Row(where, fields[0], fields[2], fields[1], split=split)

        return headerless_as_said(place).rows(3, row)
