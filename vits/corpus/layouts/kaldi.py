"""A data folder of Kaldi, ESPnet and others: https://kaldi-asr.org/doc/data_prep.html."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from vits.common.errors import InputError
from vits.common.readers import is_file, shown_path
from vits.common.registry import register
from vits.corpus.layouts.layout import Layout, Place, Row, Rows, alone_left_out
from vits.corpus.table_text import filled_lines

RECORDINGS, TEXTS, SPEAKERS, SEGMENTS = "wav.scp", "text", "utt2spk", "segments"


@register("layout", "kaldi")
@dataclass(frozen=True)
class Kaldi(Layout):
    """`wav.scp`, `text` and `utt2spk`: on each line the name of an utterance, and its file, its words, its speaker.

    An utterance without a text is left out and counted.
    """

    needs: ClassVar[str] = f"{RECORDINGS}, {TEXTS} and {SPEAKERS}, as Kaldi"

    def found(self, place: Place) -> str | None:
        names = (RECORDINGS, TEXTS, SPEAKERS)
        return f"Kaldi ({', '.join(names)})" if all(is_file(place.folder / name) for name in names) else None

    def read(self, place: Place) -> Rows:
        if is_file(place.folder / SEGMENTS):
            raise InputError(
                f"{shown_path(place.folder / SEGMENTS)} cuts long recordings, which isn't done here; write one file "
                "for each utterance, and name it in wav.scp"
            )
        files, texts, speakers = (_said(place.folder / name) for name in (RECORDINGS, TEXTS, SPEAKERS))
        spoken = {name: text for name, (_, text) in texts.items() if text}
        rows = [_row(place, name, files[name], text, speakers) for name, text in spoken.items() if name in files]
        lone = len(files.keys() ^ spoken.keys())
        return Rows(rows, alone_left_out(lone))


def _said(path: Path) -> dict[str, tuple[str, str]]:
    """What a file says of each utterance, and where.

    Raises:
        InputError: it says two things of one.
    """
    said: dict[str, tuple[str, str]] = {}
    for where, line in filled_lines(path):
        name, *rest = line.split(maxsplit=1)
        if name in said:
            raise InputError(f"{where}: {name} is there already ({said[name][0]}); remove one of them")
        said[name] = where, "".join(rest)
    return said


def _row(place: Place, name: str, recording: tuple[str, str], text: str, speakers: dict[str, tuple[str, str]]) -> Row:
    where, file = recording
    if file.endswith("|"):
        raise InputError(f"{where}: {file} is a command, and none is run; name a file of audio")
    if name not in speakers:
        raise InputError(f"{shown_path(place.folder / SPEAKERS)} doesn't say who speaks {name}; add a line")
    return Row(where, file, speakers[name][1], text)
