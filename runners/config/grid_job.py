"""What a composed `conf/grid.yaml` asks to be run: one cell, or one of a sweep."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from runners.config.composed_cell import cell_from
from runners.experiment.run_cell import run_cell
from runners.experiment.sweep_member import run_or_note_failure
from runners.racing.running import run_racing_cell


def run_grid_job(config: DictConfig) -> None:
    """Run the cell that a configuration stands for. In a sweep a failing one is reported and left behind.

    Raises:
        InputError, BrokenOffError: only outside a sweep.
    """
    hydra = HydraConfig.get()
    if hydra.mode == RunMode.MULTIRUN:
        run = run_racing_cell if config.racing else run_cell
        run_or_note_failure(partial(cell_from, config), run, Path(config.results) / config.name, hydra.job.num)
    else:
        run_cell(cell_from(config))
