"""A sweep passes its finished cells before it launches the others: those alone are worth a process or a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.plugins import Plugins
from omegaconf import DictConfig

from runners.config.cells_of_sweep import CellsOfSweep
from runners.experiment.accepting import FinishedBefore
from runners.results.cell_folder import CELL_JSON
from runners.results.experiment_folder import experiment_folder
from runners.results.sweep_record import note_member
from vits.common.errors import InputError

BASIC = f"{BasicSweeper.__module__}.{BasicSweeper.__name__}"

Jobs = Sequence[Sequence[str]]


class FinishedFirst(BasicSweeper):
    """Hydra's basic sweeper, which launches no job of a finished cell."""

    def __init__(self, max_batch_size: int | None, params: Mapping[str, str] | None = None) -> None:
        """As the basic sweeper's own, which can't be called: Hydra executes the modules of its plugins anew when it
        looks for them, and the class that `super` means there is no longer this one's."""
        self.max_batch_size = max_batch_size
        self.params = dict(params or {})
        self.overrides: Sequence[Jobs] | None = None
        self.batch_index = 0
        self.hydra_context = None
        self.config = None
        self.launcher = None

    def is_done(self) -> bool:
        """Whether no batch is left; first it is looked what the batches need to hold."""
        if self.batch_index == 0 and self.config is not None and _may_pass_some(self.config):
            self.overrides = [left for batch in self.overrides or () if (left := unfinished(self.config, batch))]
        return super().is_done()


def pass_finished_cells() -> None:
    """Let Hydra take this sweeper for its basic one, which it looks for in its own packages alone."""
    Plugins.instance().class_name_to_class[BASIC] = FinishedFirst


def _may_pass_some(config: DictConfig) -> bool:
    """Whether the experiment has a cell; in a race none is passed, as its rounds come back to the same cells."""
    return not config.racing and any(experiment_folder(config).glob(f"*/{CELL_JSON}"))


def unfinished(config: DictConfig, jobs: Jobs) -> list[Sequence[str]]:
    """The jobs without those of cells that have their results, which are noted as the sweep's members."""
    cells, finished = CellsOfSweep(config), FinishedBefore()
    left = []
    for job in jobs:
        try:
            cell = cells.cell(job)
        except InputError:  # its own process says so, and the other cells are run
            left.append(job)
            continue
        if finished.has(cell):
            note_member(experiment_folder(config), cell.name)
        else:
            left.append(job)
    return left
