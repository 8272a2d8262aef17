"""One cell among many: its failure is written down and does not stop the others."""

from __future__ import annotations

import traceback
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from runners.config.options import cell_from
from runners.experiment.run_cell import run_cell
from runners.results.failures import note_failure
from runners.training.trainer import TrainingDivergedError
from vits.common.errors import InputError


def run_or_note_failure(config: DictConfig) -> None:
    """Run the cell that a configuration stands for. In a sweep a failing one is reported and left behind.

    Raises:
        InputError, TrainingDivergedError: only outside a sweep.
    """
    if HydraConfig.get().mode != RunMode.MULTIRUN:
        run_cell(cell_from(config))
        return
    experiment = Path(config.results) / config.name
    name = f"cell {HydraConfig.get().job.num}"  # until it has one of its own
    try:
        cell = cell_from(config)
        name = cell.name
        run_cell(cell)
    except (InputError, TrainingDivergedError) as error:
        _report(experiment, name, error)
    except (OSError, RuntimeError) as error:
        traceback.print_exc()
        _report(experiment, name, error)


def _report(experiment: Path, cell: str, error: Exception) -> None:
    print(f"failed: {cell}: {note_failure(experiment, cell, error)}", flush=True)
