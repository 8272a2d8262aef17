"""One cell among many: its failure is written down and does not stop the others."""

from __future__ import annotations

import traceback

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

from runners.experiment import Cell, run_cell
from runners.failures import note_failure
from runners.trainer import TrainingDivergedError
from vits.errors import InputError


def run_or_note_failure(cell: Cell) -> None:
    """Run a cell. In a sweep a failing one is reported and left behind.

    Raises:
        InputError, TrainingDivergedError: only outside a sweep.
    """
    if HydraConfig.get().mode != RunMode.MULTIRUN:
        run_cell(cell)
        return
    try:
        run_cell(cell)
    except (InputError, TrainingDivergedError) as error:
        _report(cell, error)
    except (OSError, RuntimeError) as error:
        traceback.print_exc()
        _report(cell, error)


def _report(cell: Cell, error: Exception) -> None:
    print(f"failed: {cell.name}: {note_failure(cell.results / cell.experiment, cell.name, error)}", flush=True)
