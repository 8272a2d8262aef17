"""LJSpeech's table, which many corpora of one voice imitate: https://keithito.com/LJ-Speech-Dataset/."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vits.common.registry import register
from vits.corpus.layouts.headerless import headerless, headerless_as_said, three_columns
from vits.corpus.layouts.layout import Layout, Place, Row, Rows


@register("layout", "ljspeech")
@dataclass(frozen=True)
class LJSpeech(Layout):
    """`id|text|normalised text`, or `id|text`, without a header; the recordings are `wavs/<id>.wav`.

    The normalised text is what is spoken, the other one where that is empty. Piper's tables of one voice are the same.
    """

    needs: ClassVar[str] = "metadata.csv with id|text|normalised or id|text, and wavs/"

    def found(self, place: Place) -> str | None:
        tables = headerless(place, (2, 3))
        columns = three_columns(tables)
        if tables is None or (columns is not None and not columns.are_text_and_normalised):
            return None
        return tables.described("id|text" if columns is None else "id|text|normalised, as LJSpeech")

    def read(self, place: Place) -> Rows:
        tables = headerless_as_said(place)

        def row(where: str, fields: list[str], split: str | None) -> Row:
            return Row(where, fields[0], None, fields[-1] or fields[1], split=split)

        return tables.rows(min(3, tables.width), row)
