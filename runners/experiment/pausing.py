"""A cell that waits before its end: the same command without `stop_after` goes on with it, bit for bit."""

from __future__ import annotations

from runners.evaluation.evaluation_settings import RETENTION
from runners.experiment.cell import Cell
from runners.results.cell_folder import CellFolder
from runners.training.fit import Fit
from runners.voices.recorded_voices import Voices

RACE = "race"  # the table of what is scored for a race alone


def waits(cell: Cell, folder: CellFolder, voices: Voices) -> bool:
    """Whether the cell waits already where it is to wait, or beyond."""
    until = cell.until(voices)
    if until is None or not folder.waits_at(until):
        return False
    print(f"{cell.name}: waits at step {until} or later, not run ({folder.path})")
    return True


def pause(cell: Cell, folder: CellFolder, fit: Fit) -> None:
    """Score what a race asks for besides, and leave the cell as it is."""
    if cell.pause is not None and cell.pause.retention_by is not None:
        fit.speak_beside(RETENTION, cell.pause.retention_by, RACE)
    folder.wait(fit.trainer.step, fit.trainer.cost.record)
    print(f"  waiting at step {fit.trainer.step} of {fit.schedule.steps}")
