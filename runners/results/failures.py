"""Notes of cells that failed in a sweep, left for its end, which may run in another process."""

from __future__ import annotations

import shutil
from pathlib import Path

FOLDER = "failed"


def note_failure(experiment: Path, cell: str, error: Exception) -> str:
    """Write down why a cell has no result; returns the note."""
    folder = experiment / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    why = f"{type(error).__name__}: {error}"
    (folder / f"{cell}.txt").write_text(why + "\n", encoding="utf-8")
    return why


def failures_of(experiment: Path) -> dict[str, str]:
    """Why each failed cell of the latest sweep failed, by the cell's name."""
    notes = sorted((experiment / FOLDER).glob("*.txt"))
    return {note.stem: note.read_text(encoding="utf-8").strip() for note in notes}


def forget_failures(experiment: Path) -> None:
    """Start a sweep without the failures of an earlier one."""
    shutil.rmtree(experiment / FOLDER, ignore_errors=True)
