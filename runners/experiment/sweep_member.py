"""One cell among many: its failure is written down and does not stop the others."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

from runners.experiment.cell import Cell
from runners.results.failures import note_failure
from vits.common.errors import BrokenOffError, InputError, ToldToEndError


def run_or_note_failure(make: Callable[[], Cell], run: Callable[[Cell], object], experiment: Path, number: int) -> None:
    """Run the cell that `make` gives; a failing one is reported and left behind. `number` is its place in the sweep.

    Raises:
        ToldToEndError: the process is to end, and with it the sweep.
    """
    name = f"cell {number}"  # until it has one of its own
    try:
        cell = make()
        name = cell.name
        run(cell)
    except ToldToEndError:
        raise
    except (InputError, BrokenOffError) as error:
        _report(experiment, name, error)
    except (OSError, RuntimeError) as error:
        traceback.print_exc()
        _report(experiment, name, error)


def _report(experiment: Path, cell: str, error: Exception) -> None:
    print(f"failed: {cell}: {note_failure(experiment, cell, error)}", flush=True)
