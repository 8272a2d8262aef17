"""GPT-SoVITS' and Bert-VITS2's lists: https://github.com/RVC-Boss/GPT-SoVITS#dataset-format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from vits.common.errors import InputError
from vits.common.readers import shown_path
from vits.common.registry import register
from vits.corpus.layouts.layout import Layout, Place, Row, Rows, files_in, only_list
from vits.corpus.table_text import filled_lines

SUFFIX = ".list"
COLUMNS = "path|speaker|language|text"


@register("layout", "sovits")
@dataclass(frozen=True)
class SoVits(Layout):
    """One `*.list` of `path|speaker|language|text`; further columns, such as phonemes of other alphabets, are left out.

    The language isn't read: `data.language` says it.
    """

    needs: ClassVar[str] = f"a file *{SUFFIX} with {COLUMNS}"

    def found(self, place: Place) -> str | None:
        path = only_list(place, _lists(place))
        return f"{path.name} ({COLUMNS}, as GPT-SoVITS)" if path else None

    def read(self, place: Place) -> Rows:
        path = only_list(place, _lists(place))
        if path is None:
            raise InputError(f"{shown_path(place.folder)} has no list; it needs {self.needs}")
        return Rows([_row(where, line) for where, line in filled_lines(path)])


def _lists(place: Place) -> list[Path]:
    paths = [place.table] if place.table is not None else files_in(place.folder)
    return [path for path in paths if path.suffix.lower() == SUFFIX]


def _row(where: str, line: str) -> Row:
    fields = line.split("|")
    if len(fields) < len(COLUMNS.split("|")):
        raise InputError(f"{where}: {len(fields)} fields where there must be {COLUMNS}; correct the line")
    path, speaker, _, text = (field.strip() for field in fields[:4])
    return Row(where, path, speaker, text)
