"""Notes of cells that failed in a sweep, left for its end, which may run in another process.

Each says of which sweep it is, so that two sweeps on one experiment tell their own failures alone.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypedDict

from runners.results.running_process import RunningProcess
from vits.common.atomic_files import content_key, write_atomically
from vits.common.errors import InputError
from vits.common.readers import read_json

FOLDER = ".failed"
SWEEP = "VOICEGRID_SWEEP"  # the environment variable by which a sweep's workers know of it
FORGOTTEN_AFTER_S = 86_400.0  # notes of a sweep on another machine, of which nothing can be seen


class _Note(TypedDict):
    sweep: dict[str, Any] | None
    cell: str
    error: str


def begin_sweep(experiment: Path) -> None:
    """Begin one without the failures of earlier ones; its workers inherit whose they are."""
    os.environ[SWEEP] = json.dumps(RunningProcess.this().as_json())
    forget_failures(experiment)


def sweep_on_this_machine() -> int | None:
    """The number of the process whose sweep this is, if it runs on this machine."""
    sweep = RunningProcess.read(json.loads(os.environ.get(SWEEP, "null")))
    return sweep.pid if sweep is not None and sweep.has_ended() is False else None


def note_failure(experiment: Path, cell: str, error: Exception) -> str:
    """Write down why a cell has no result; returns the note."""
    why = f"{type(error).__name__}: {error}"
    sweep = os.environ.get(SWEEP, "null")
    note = {"sweep": json.loads(sweep), "cell": cell, "error": why}
    name = content_key([sweep.encode(), cell.encode()])
    write_atomically(experiment / FOLDER / f"{name}.json", json.dumps(note, ensure_ascii=False).encode())
    return why


def failures_of(experiment: Path) -> dict[str, str]:
    """Why each failed cell of this sweep failed, by the cell's name; outside a sweep, of all that are noted."""
    mine = json.loads(os.environ.get(SWEEP, "null"))
    notes = (note for _, note in _notes(experiment) if mine is None or note["sweep"] in (None, mine))
    return dict(sorted((note["cell"], note["error"]) for note in notes))


def forget_failures(experiment: Path) -> None:
    """Remove the notes of all sweeps but those of other processes that are under way."""
    here = RunningProcess.this()
    for path, note in list(_notes(experiment)):
        sweep = RunningProcess.read(note["sweep"])
        if sweep in (None, here) or not _is_under_way(sweep, path):
            path.unlink(missing_ok=True)


def _is_under_way(sweep: RunningProcess, note: Path) -> bool:
    ended = sweep.has_ended()
    return time.time() - note.stat().st_mtime < FORGOTTEN_AFTER_S if ended is None else not ended


def _notes(experiment: Path) -> Iterator[tuple[Path, _Note]]:
    """The notes in an experiment's folder; other files there are none of ours."""
    for path in sorted((experiment / FOLDER).glob("*.json")):
        try:
            yield path, read_json(path, _Note)
        except InputError:
            continue
