"""At the end of every run and sweep: all cells in a table, the report, and which cells of the sweep failed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from runners.cli.entry_point import BAD_INPUT, FAILURE
from runners.config.building import build
from runners.reporting.results import finished_cells
from runners.reporting.settings import ReportSettings
from runners.reporting.terminal import print_cells
from runners.reporting.writing import report
from runners.results.failures import begin_sweep, failures_of
from vits.common.errors import InputError


class CompareAtTheEnd(Callback):
    """Compares the experiment's cells after a run or a sweep, and says which cells of the sweep failed."""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        begin_sweep(_experiment(config))

    def on_run_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        if job_return.status == JobStatus.COMPLETED:
            compare(_experiment(config), build(config.report))

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Compare, and leave with a status other than 0 if some cells have no result."""
        compare(_experiment(config), build(config.report))
        failures = failures_of(_experiment(config))
        if failures:
            lines = "".join(f"\n  {name}: {why}" for name, why in failures.items())
            print(f"error: {len(failures)} cells failed:{lines}", file=sys.stderr)
            only_input = all(why.startswith(InputError.__name__) for why in failures.values())
            sys.exit(BAD_INPUT if only_input else FAILURE)


def _experiment(config: DictConfig) -> Path:
    return Path(config.results) / config.name


def compare(experiment: Path, settings: ReportSettings) -> None:
    """Print the table of all finished cells and where their report lies; nothing if no cell is finished."""
    if not finished_cells(experiment):
        return
    print_cells(experiment, settings.metrics)
    try:
        for place in report(experiment, settings):
            print(f"report: {place}")
    except InputError as error:  # the cells have their results all the same
        print(f"no report: {error}", file=sys.stderr)
