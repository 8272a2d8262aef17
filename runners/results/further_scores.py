"""Sentences that a finished cell spoke when its experiment asked for more, beside those of its own evaluation.

further/040/    the first 40 of them
further/080/    the next 40
    scores.csv, transcripts.csv, texts.csv   as in the cell's folder
    checksums.json                           written last: without it, the folder counts for nothing
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from runners.results.cell_folder import TABLES, table_bytes
from vits.common.atomic_files import write_atomically
from vits.common.checksums import MANIFEST, check_unchanged, write_manifest
from vits.common.readers import read_json, read_table

FOLDER = "further"
NAMES = ("scores", "transcripts", "texts")
REMEDY = "remove the folder, and the same command with more_sentences=... speaks them again"


class FurtherScores:
    """Reads and writes what a cell spoke besides."""

    def __init__(self, cell: Path) -> None:
        self.folder = cell / FOLDER

    @property
    def n_sentences(self) -> int:
        """How many further sentences each voice has spoken."""
        return max((int(path.name) for path in self._parts()), default=0)

    def table(self, name: str) -> pd.DataFrame:
        """One of the tables, of all further sentences; without columns where there are none.

        Raises:
            InputError: one of a part's tables was changed or is missing.
        """
        parts = [_read(path, name) for path in self._parts()]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    def add(self, n_sentences: int, tables: dict[str, pd.DataFrame]) -> None:
        """Write what was spoken since the last time; with it each voice has spoken `n_sentences`."""
        folder = self.folder / f"{n_sentences:03}"
        folder.mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            write_atomically(folder / f"{name}.csv", table_bytes(tables[name]))
        write_manifest(folder, [f"{name}.csv" for name in NAMES])

    def _parts(self) -> list[Path]:
        return sorted(path.parent for path in self.folder.glob(f"[0-9][0-9][0-9]/{MANIFEST}"))


def _read(folder: Path, name: str) -> pd.DataFrame:
    known = read_json(folder / MANIFEST, dict[str, str])
    files = {f"{table}.csv": known.get(f"{table}.csv", "") for table in NAMES}
    check_unchanged(folder, files, REMEDY)
    return read_table(folder / f"{name}.csv", TABLES.get(name, {}))
