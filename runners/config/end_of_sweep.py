"""At both ends of every run and sweep: what would spoil its end is found before it begins; at the end all cells stand
in a table and a report, and it is said which cells of the sweep failed."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from runners.cli.entry_point import BAD_INPUT, FAILURE, told_in_one_line
from runners.clusters.launching import prepare_launcher
from runners.config.building import build, check_known
from runners.config.composed_cell import tries_failed
from runners.config.finished_first import pass_finished_cells
from runners.config.race_of_sweep import check_racing_alone, race_if_asked
from runners.config.run_groups import check_run_groups
from runners.config.schemas import GridSchema
from runners.experiment.cells_at_once import cells_at_once
from runners.reporting.cell_result import finished_cells
from runners.reporting.settings import ReportSettings
from runners.reporting.terminal import print_cells
from runners.reporting.writing import Written, report
from runners.results.cell_folder import RUNNING
from runners.results.experiment_folder import experiment_folder
from runners.results.experiment_status import BROKEN_OFF, experiment_status
from runners.results.failures import begin_sweep, failures_of
from runners.results.sweep_record import begin_members, end_members
from runners.tracking.offline_runs import to_upload, upload_command
from vits.common.errors import InputError
from vits.common.names import check_folder, check_name


class CompareAtTheEnd(Callback):
    """Compares the experiment's cells after a run or a sweep, and says which cells of the sweep failed.

    Hydra makes warnings of a callback's exceptions, so that what is wrong here ends the process itself.
    """

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        with told_in_one_line():
            check_ends(config)
            check_racing_alone(config)

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        with told_in_one_line():
            check_ends(config)
            prepare_launcher(str(config.hydra.launcher.get("_target_")), experiment_folder(config))
            begin_sweep(experiment_folder(config))
            begin_members(experiment_folder(config))
            race_if_asked(config)
            pass_finished_cells()

    def on_run_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        if job_return.status != JobStatus.COMPLETED:
            return
        compared = compare(experiment_folder(config), build(config.report))
        tell_what_to_upload(experiment_folder(config))
        if not compared:
            sys.exit(FAILURE)

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Compare, and leave with a status other than 0 if some cells have no result."""
        tell_left_to_others(experiment_folder(config))
        compared = compare(experiment_folder(config), build(config.report))
        tell_what_to_upload(experiment_folder(config))
        failures = failures_of(experiment_folder(config))
        if failures:
            lines = "".join(f"\n  {name}: {why}" for name, why in failures.items())
            print(f"error: {len(failures)} cells failed:{lines}", file=sys.stderr)
            only_input = compared and all(why.startswith(InputError.__name__) for why in failures.values())
            sys.exit(BAD_INPUT if only_input else FAILURE)
        if not compared:
            sys.exit(FAILURE)


def check_ends(config: DictConfig) -> None:
    """Check what only the end of a sweep needs, before its first cell begins.

    Raises:
        InputError: there is no such setting, or the experiment's name or folder or its report's are not allowed.
    """
    check_known(config, GridSchema)
    check_name(str(config.name), "name")
    check_folder(str(config.results), "results")
    cells_at_once(config.jobs, config.device, config.jobs_per_device, config.devices)
    tries_failed(config.retry)
    check_run_groups(config, build(config.wandb))
    settings: ReportSettings = build(config.report)
    settings.check()


def tell_left_to_others(experiment: Path) -> None:
    """End the sweep's record, and say which of its cells other processes work on, or have left in the meantime."""
    try:
        members = set(end_members(experiment))
        cells = experiment_status(experiment) if members else []
    except InputError:  # something is damaged or full, which is said of the report as well
        return
    left = [cell for cell in cells if cell.name in members and cell.status in (RUNNING, BROKEN_OFF)]
    for cell in left:
        print(f"{cell.name}: {f'{cell.holder} is running it' if cell.holder else 'broken off by another process'}")
    if left:
        print(f"{len(left)} cells have no result yet; the same command makes up for those that are broken off")


def tell_what_to_upload(experiment: Path) -> None:
    """Say once how all runs of the experiment are uploaded that were logged offline, by whichever machine."""
    waiting = to_upload(path for path in experiment.iterdir() if path.is_dir()) if experiment.is_dir() else []
    if waiting:
        said = "1 run was" if len(waiting) == 1 else f"{len(waiting)} runs were"
        print(f"{said} logged offline; to upload: {upload_command(experiment)}")


def compare(experiment: Path, settings: ReportSettings) -> bool:
    """Print the answer, the table of all finished cells and where their report lies; nothing if there is none.

    Returns whether all of it could be written; what couldn't is said, and the cells have their results all the same.
    """
    again = f"the cells' results are kept; python runners/report.py experiment={experiment.name}"
    if experiment.parent != Path("runs"):
        again += f" results={experiment.parent}"
    of_report, of_table = _End("the report", again), _End("the table of all cells", again)
    written: Written | None = None
    with of_report:
        if not finished_cells(experiment):
            return True
        written = report(experiment, settings)
        print("\n".join(written.answer))
    with of_table:
        print_cells(experiment, written.headline if written else settings.metrics)
    for place in written.places if written else ():
        print(f"report: {place}")
    return of_report.well and of_table.well


class _End:
    """Work whose failure is told in one line and ends nothing else; a defect of this project keeps its traceback."""

    def __init__(self, what: str, again: str) -> None:
        self.what = what
        self.again = again
        self.well = True

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self.well = False
        if not isinstance(error, (InputError, OSError, MemoryError)):
            traceback.print_exception(error)
        why = " ".join(str(error).split()) or type(error).__name__
        print(f"error: {self.what} can't be written ({why}); {self.again} writes it again", file=sys.stderr)
        return True
