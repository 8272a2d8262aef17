"""The tables of a prepared corpus: prepared.csv of what became of each second, metadata.csv to be corrected by hand."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path

import pandas as pd

from runners.preparing.clip_writing import CLIP, CLIPS, Part
from vits.common.atomic_files import is_leftover, write_atomically
from vits.common.errors import InputError
from vits.common.readers import read_bytes, read_table, shown_path
from vits.corpus.clip import Clip
from vits.corpus.prepared_texts import PREPARED
from vits.corpus.split import HoldOut, split_by_sentence
from vits.corpus.tables_of_folder import TABLE

_NUMBERS = ("start_s", "end_s", "snr_db", "loudness_lufs", "gain_db")


def check_place(out: Path) -> None:
    """Refuse to write into a folder that holds somebody's files, or corrections by hand.

    Raises:
        InputError: it does.
    """
    if not os.path.lexists(out):
        return
    if not out.is_dir():
        raise InputError(f"out={shown_path(out)} is a file; give a folder")
    strange = [p for p in out.iterdir() if p.name not in (PREPARED, TABLE, CLIPS) and not is_leftover(p)]
    if strange:
        raise InputError(f"out={shown_path(out)} holds other files ({strange[0].name}); choose another folder")
    if not (out / TABLE).exists():
        return
    if not (out / PREPARED).exists() or read_bytes(out / TABLE) != _metadata(read_parts(out)):
        raise InputError(
            f"{shown_path(out / TABLE)} was changed since it was prepared; choose another out=..., or remove it and "
            "it is written anew"
        )


def read_parts(out: Path) -> list[Part]:
    """What prepared.csv says.

    Raises:
        InputError: it is damaged.
    """
    columns = {column.name: float if column.name in _NUMBERS else str for column in fields(Part)}
    rows = read_table(out / PREPARED, columns).to_dict("records")
    return [Part(**{str(name): value for name, value in row.items()}) for row in rows]


def with_splits(parts: Sequence[Part]) -> tuple[list[Part], str]:
    """The clips in train, validation and test, by sentence; in none, and why, where there are too few of somebody."""
    clips = [Clip(Path(part.path), part.speaker, part.text, part.path) for part in parts if part.outcome == CLIP]
    try:
        split_of = {clip.name: str(clip.split) for clip in split_by_sentence(clips, HoldOut())}
    except InputError as error:
        return list(parts), str(error)
    return [replace(part, split=split_of.get(part.path, "")) for part in parts], ""


def write_parts(parts: Sequence[Part], out: Path) -> None:
    """Write prepared.csv."""
    rounded = [replace(part, start_s=round(part.start_s, 3), end_s=round(part.end_s, 3)) for part in parts]
    table = pd.DataFrame([asdict(part) for part in rounded], columns=pd.Index([c.name for c in fields(Part)]))
    write_atomically(out / PREPARED, table.to_csv(index=False, na_rep="nan", lineterminator="\n").encode())


def write_metadata(parts: Sequence[Part], out: Path) -> None:
    """Write metadata.csv, which makes the folder a corpus."""
    write_atomically(out / TABLE, _metadata(parts))


def _metadata(parts: Sequence[Part]) -> bytes:
    clips = [part for part in parts if part.outcome == CLIP]
    rows = ["|".join((part.path, part.speaker, part.text, part.split)) for part in clips]
    return ("\n".join(["path|speaker|text|split", *rows]) + "\n").encode()
