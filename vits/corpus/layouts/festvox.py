"""CMU ARCTIC and other voices made for Festival: http://festvox.org/cmu_arctic/."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from vits.common.errors import InputError
from vits.common.readers import is_file
from vits.common.registry import register
from vits.corpus.layouts.layout import Layout, Place, Row, Rows, folders_in
from vits.corpus.table_text import filled_lines

TEXTS = Path("etc") / "txt.done.data"
_LINE = re.compile(r'\(\s*(\S+)\s+"(.*)"\s*\)')


@register("layout", "festvox")
@dataclass(frozen=True)
class Festvox(Layout):
    """`etc/txt.done.data` with `( arctic_a0001 "Author of ..." )` on each line, and `wav/`; one voice or a folder of
    several."""

    needs: ClassVar[str] = f"{TEXTS} and wav/, as CMU ARCTIC"

    def found(self, place: Place) -> str | None:
        voices = _voices(place.folder)
        return f"festvox ({TEXTS} of {len(voices)})" if voices else None

    def read(self, place: Place) -> Rows:
        return Rows([row for voice in _voices(place.folder) for row in _rows(place, voice)])


def _voices(folder: Path) -> list[Path]:
    return [voice for voice in (folder, *folders_in(folder)) if is_file(voice / TEXTS)]


def _rows(place: Place, voice: Path) -> list[Row]:
    rows = []
    wav = voice.relative_to(place.folder) / "wav"
    for where, line in filled_lines(voice / TEXTS):
        found = _LINE.fullmatch(line)
        if found is None:
            raise InputError(f'{where}: a line must be ( name "text" ); correct it')
        speaker = None if voice == place.folder else voice.name
        rows.append(Row(where, (wav / found[1]).as_posix(), speaker, found[2].replace('\\"', '"')))
    return rows
