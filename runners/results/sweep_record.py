"""Which cells the last sweep of an experiment was of, so that those of earlier ones can be told from them.

Each process of a sweep notes the cells that it comes to, in a file of its own, whether it runs them or not. The sweep's
end makes one record of all notes. No cell is ever removed for not being in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypedDict

from runners.results.failures import SWEEP
from runners.results.running_process import RunningProcess
from vits.common.atomic_files import content_key, write_atomically
from vits.common.errors import InputError
from vits.common.readers import read_json

SWEEP_JSON = "sweep.json"  # the record; and in a folder of notes, whose sweep they are of
FOLDER = ".sweep"


class _Record(TypedDict):
    cells: list[str]


def begin_members(experiment: Path) -> None:
    """Begin without notes of an earlier sweep, and without those of sweeps that have ended before their end."""
    for whose in (experiment / FOLDER).glob(f"*/{SWEEP_JSON}"):
        with suppress(InputError):
            sweep = RunningProcess.read(read_json(whose, dict[str, Any]))
            if sweep is not None and (sweep == RunningProcess.this() or sweep.has_ended()):
                _remove(whose.parent)
    with suppress(OSError):
        _notes(experiment).mkdir(parents=True, exist_ok=True)
        (_notes(experiment) / SWEEP_JSON).write_text(os.environ.get(SWEEP, "null"), encoding="utf-8")


def note_member(experiment: Path, cell: str) -> None:
    """Note that a cell is in the sweep of this process. Where nothing can be written, nothing is noted."""
    process = RunningProcess.this()
    path = _notes(experiment) / f"{process.host}-{process.pid}.txt"
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{cell}\n")


def end_members(experiment: Path) -> list[str]:
    """Make what was noted in this sweep the experiment's record, and give the cells' names.

    Raises:
        InputError: the record can't be written.
    """
    notes = _notes(experiment)
    cells = sorted({name for path in notes.glob("*.txt") for name in path.read_text(encoding="utf-8").splitlines()})
    if cells:
        write_atomically(experiment / SWEEP_JSON, json.dumps({"cells": cells}, indent=1, ensure_ascii=False).encode())
    _remove(notes)
    return cells


def outside_the_last_sweep(experiment: Path, cells: Iterable[str]) -> list[str]:
    """Those of the cells that the last sweep which came to its end was not of; none if there never was one.

    Raises:
        InputError: its record is damaged.
    """
    path = experiment / SWEEP_JSON
    if not os.path.lexists(path):
        return []
    members = set(read_json(path, _Record)["cells"])
    return [name for name in cells if name not in members]


def _notes(experiment: Path) -> Path:
    """Where the processes of this sweep note its cells."""
    return experiment / FOLDER / content_key([os.environ.get(SWEEP, "null").encode()])


def _remove(notes: Path) -> None:
    """Remove a folder of notes; what somebody else put there stays."""
    with suppress(OSError):
        for path in (*notes.glob("*.txt"), notes / SWEEP_JSON):
            path.unlink(missing_ok=True)
        notes.rmdir()
        notes.parent.rmdir()
