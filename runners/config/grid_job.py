"""What a composed `conf/grid.yaml` asks to be run: one cell, or one of a sweep."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from runners.clusters.launching import moves_cells
from runners.config.composed_cell import cell_from
from runners.experiment.cell import Cell
from runners.experiment.cells_at_once import join_sweep
from runners.experiment.numbered_lines import numbered_lines
from runners.experiment.run_cell import run_cell
from runners.experiment.sweep_member import run_or_note_failure
from runners.racing.running import run_racing_cell
from runners.results.experiment_folder import experiment_folder
from runners.results.failures import sweep_on_this_machine
from runners.results.lease import Lease
from runners.results.sweep_record import note_member


def run_grid_job(config: DictConfig) -> None:
    """Run the cell that a configuration stands for. In a sweep a failing one is reported and left behind.

    Raises:
        InputError, BrokenOffError: only outside a sweep.
    """
    hydra = HydraConfig.get()
    if hydra.mode != RunMode.MULTIRUN:
        run_cell(cell_from(config))
        return
    run = run_racing_cell if config.racing else run_cell
    experiment = experiment_folder(config)
    in_sweep = partial(run_or_note_failure, partial(_member, config, experiment), run, experiment)
    if os.getppid() == sweep_on_this_machine():
        join_sweep(os.getppid(), config.devices)
        with numbered_lines(hydra.job.num):
            in_sweep(hydra.job.num)
    else:
        in_sweep(hydra.job.num)


def _member(config: DictConfig, experiment: Path) -> Cell:
    """The cell, which is known from here on as one of this sweep."""
    cell = cell_from(config)
    note_member(experiment, cell.name)
    if moves_cells(str(HydraConfig.get().launcher.get("_target_"))):
        Lease(cell.directory).wait_for_sign_of_life()
    return cell
