"""A system that this project didn't train, scored beside an experiment's cells: its own folder, and no cell.

<experiment>/other_systems/<name>/
    scores.csv, texts.csv, transcripts.csv   as in a cell's folder; all at step 0, since nothing was trained
    system.json                              what was scored, by which metrics, against which recordings; written last
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict

import pandas as pd

from runners.results.cell_folder import TABLES, table_bytes
from vits.common.atomic_files import content_key, write_atomically
from vits.common.checksums import check_unchanged, checksums_of
from vits.common.errors import InputError
from vits.common.readers import read_json, read_table

FOLDER, RECORD = "other_systems", "system.json"
NAMES = ("scores", "texts", "transcripts")
REMEDY = "remove the folder, and runners/score.py scores the audio again"


@dataclass(frozen=True)
class Scored:
    """What was scored: audio and texts by their `speech`, against the `recordings`, by `metrics`; all as identities.

    `n_sentences` were scored, and `n_matched` of them are sentences that the cells speak in the same voice.
    """

    audio: str
    speech: str
    recordings: str
    metrics: list[str]
    n_sentences: int
    n_matched: int

    @property
    def identity(self) -> str:
        """A name for all that decides the scores."""
        return content_key(part.encode() for part in (self.speech, self.recordings, *self.metrics))


class _Record(TypedDict):
    audio: str
    speech: str
    recordings: str
    metrics: list[str]
    n_sentences: int
    n_matched: int
    files: dict[str, str]


@dataclass(frozen=True)
class OtherSystem:
    """A scored system: where it lies, and what was scored."""

    folder: Path
    scored: Scored

    @property
    def name(self) -> str:
        return self.folder.name

    def table(self, name: str) -> pd.DataFrame:
        """One of its tables, with the columns of a cell's."""
        return read_table(self.folder / f"{name}.csv", TABLES.get(name, {}))


def other_system_folder(experiment: Path, name: str) -> Path:
    """Where a system of that name is kept."""
    return experiment / FOLDER / name


def write_other_system(folder: Path, scored: Scored, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write the tables, and the record last: without it, the folder counts for nothing."""
    (folder / RECORD).unlink(missing_ok=True)
    for name in NAMES:
        write_atomically(folder / f"{name}.csv", table_bytes(tables[name]))
    record = {**asdict(scored), "files": checksums_of(folder, [f"{name}.csv" for name in NAMES])}
    write_atomically(folder / RECORD, json.dumps(record, indent=1, ensure_ascii=False).encode())


def read_other_system(folder: Path) -> OtherSystem | None:
    """The system in a folder; None where none was scored to its end.

    Raises:
        InputError: a file of it was changed or is missing.
    """
    if not os.path.lexists(folder / RECORD):
        return None
    record = read_json(folder / RECORD, _Record)
    files = {f"{name}.csv": record["files"].get(f"{name}.csv", "") for name in NAMES}
    check_unchanged(folder, files, REMEDY)
    return OtherSystem(folder, Scored(**{key: value for key, value in record.items() if key != "files"}))  # pyright: ignore[reportArgumentType]


def other_systems(experiment: Path) -> tuple[OtherSystem, ...]:
    """All systems that were scored beside an experiment's cells, by name."""
    folders = sorted(path.parent for path in (experiment / FOLDER).glob(f"*/{RECORD}"))
    return tuple(system for folder in folders if (system := read_other_system(folder)) is not None)


def check_free(found: OtherSystem | None, scored: Scored, folder: Path) -> None:
    """A name stands for one set of scores.

    Raises:
        InputError: other audio, or the same by other metrics, was scored under this name.
    """
    if found is not None and found.scored.identity != scored.identity:
        differing = _differing(found.scored, scored)
        raise InputError(
            f"{folder} holds the scores of another system (it differs in {', '.join(differing)}); choose another "
            "name=..., or remove the folder"
        )


def _differing(theirs: Scored, mine: Scored) -> Sequence[str]:
    return [key for key in ("speech", "recordings", "metrics") if getattr(theirs, key) != getattr(mine, key)]
