"""Cells as Slurm's jobs: one that is cancelled or killed is a cell that failed, and the others are waited for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn
from submitit.core.utils import FailedJobError, UncompletedJobError
from submitit.slurm import slurm

from runners.clusters.no_result import no_result
from runners.clusters.slurm_states import QueueWatcher


class CellJob(slurm.SlurmJob[JobReturn]):
    """A job whose end without a result is noted as its cell's failure."""

    watcher = QueueWatcher()
    experiment: Path

    def results(self) -> list[JobReturn]:
        """What the cell's job returned; of a job that didn't end by itself, nothing."""
        try:
            return super().results()
        except (FailedJobError, UncompletedJobError):
            return [no_result(self.experiment, f"job {self.job_id}", self._why())]

    def _why(self) -> str:
        log = self.paths.stderr
        return f"Slurm's job {self.job_id} ended without a result (cancelled, out of time or memory); see {log}"


def use_cell_jobs(experiment: Path) -> None:
    """Let submitit's executor make such jobs, of this experiment, in place of its own."""
    job_class = type("CellJob", (CellJob,), {"experiment": experiment})
    executor: Any = slurm.SlurmExecutor
    executor.job_class = job_class
    slurm.SlurmJob = job_class  # of arrays it makes this one
