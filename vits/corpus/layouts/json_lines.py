"""Lists with an object on each line: Hugging Face's `metadata.jsonl`, NeMo's manifests.

https://huggingface.co/docs/datasets/audio_dataset and
https://docs.nvidia.com/nemo-framework/user-guide/latest/nemotoolkit/asr/datasets.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from vits.common.errors import InputError
from vits.common.readers import is_file, parse_json, shown_path
from vits.common.registry import register
from vits.corpus.layouts.layout import Layout, Place, Row, Rows, files_in, only_list
from vits.corpus.table_columns import PATH, PHONEMES, SPEAKER, SPLIT, columns_of, is_header
from vits.corpus.table_text import filled_lines
from vits.corpus.tables_of_folder import split_called

_NAME = re.compile(r"(?:metadata|(?:\w+_)?manifest)\.jsonl?", re.IGNORECASE)


@register("layout", "json_lines")
@dataclass(frozen=True)
class JsonLines(Layout):
    """`metadata.jsonl`, or a manifest: a path, a text and perhaps a speaker in each line, by the names of a table's."""

    needs: ClassVar[str] = 'metadata.jsonl or manifest.json with {"audio_filepath": ..., "text": ...} on each line'

    def found(self, place: Place) -> str | None:
        path = only_list(place, [path for path in _lists(place) if _is_one(path)])
        return f"{path.name} (an object on each line)" if path else None

    def read(self, place: Place) -> Rows:
        lists = [path for path in _lists(place) if place.table is not None or _is_one(path)]
        path = only_list(place, lists)
        if path is None:
            raise InputError(f"{shown_path(place.folder)} has no list; it needs {self.needs}")
        return Rows([_row(said, where) for where, said in _objects(path)])


def _lists(place: Place) -> list[Path]:
    if place.table is not None:
        return [place.table]
    return [path for path in files_in(place.folder) if _NAME.fullmatch(path.name)]


def _is_one(path: Path) -> bool:
    """Whether the first line is an object with a path and a text."""
    if not is_file(path) or path.suffix.lower() not in (".json", ".jsonl"):
        return False
    try:
        return is_header([*next(_objects(path))[1]])
    except (InputError, StopIteration):  # some other file of that name
        return False


def _objects(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each line's object, and where it stands."""
    for where, line in filled_lines(path):
        yield where, parse_json(line, where, dict[str, Any])


def _row(said: Mapping[str, Any], where: str) -> Row:
    columns = columns_of([*said], where)
    values = ["" if value is None else str(value) for value in said.values()]
    return Row(
        where,
        columns.value(values, PATH),
        columns.value(values, SPEAKER) if SPEAKER in columns.places else None,
        columns.text(values),
        phonemes=columns.value(values, PHONEMES) or None,
        split=split_called(columns.value(values, SPLIT)),
    )
