"""Sweeps whose cells are jobs of a real Slurm, which `tests/cluster/run` starts; its jobs meet with all that happens.

However a cell comes to its end, its scores are those of the same sweep run one after the other.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from cluster_sweeps import begun, ended, scores, sweep, until

from tests.runners.conftest import Material

SLURM = ("hydra/launcher=slurm", "hydra.launcher.cpus_per_task=1", "hydra.launcher.partition=low")


def jobs(*states: str) -> list[str]:
    """The numbers of the sweep's jobs in these states."""
    command = ["squeue", "--noheader", "--array", "--partition=low", f"--states={','.join(states)}", "--format=%i"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def begin_again_at_once(n_jobs: int) -> None:
    """Spare the jobs the two minutes that Slurm lets them wait after they were queued again."""
    until(lambda: len(jobs("pending")) >= n_jobs)
    for job in jobs("pending"):
        subprocess.run(["scontrol", "update", f"JobId={job}", "StartTime=now"], check=True)


def test_a_sweep_of_jobs_gives_the_same_scores(here: Path, material: Material, expected: dict[str, bytes]) -> None:
    status, errors = ended(sweep(here, material, "plain", SLURM))
    assert status == 0, errors
    assert scores(here / "runs" / "plain") == expected
    assert (here / "runs" / "plain" / "comparison.csv").is_file()


def test_a_cancelled_job_is_told_and_the_same_command_makes_up_for_it(
    here: Path, material: Material, expected: dict[str, bytes]
) -> None:
    process = sweep(here, material, "cancelled", SLURM)
    until(lambda: begun(here, "cancelled", 1))
    subprocess.run(["scancel", jobs("running")[0]], check=True)
    status, errors = ended(process)
    assert status == 1
    assert "error: 1 cells failed" in errors
    assert "ended without a result (cancelled, out of time or memory)" in errors
    status, errors = ended(sweep(here, material, "cancelled", SLURM))
    assert status == 0, errors
    assert scores(here / "runs" / "cancelled") == expected


def test_a_requeued_job_goes_on(here: Path, material: Material, expected: dict[str, bytes]) -> None:
    process = sweep(here, material, "requeued", SLURM)
    until(lambda: begun(here, "requeued", 2))
    for job in jobs("running"):
        subprocess.run(["scontrol", "requeue", job], check=True)
    begin_again_at_once(2)
    status, errors = ended(process)
    assert status == 0, errors
    assert scores(here / "runs" / "requeued") == expected


def test_preempted_jobs_go_on_when_others_are_done(here: Path, material: Material, expected: dict[str, bytes]) -> None:
    process = sweep(here, material, "preempted", SLURM)
    until(lambda: begun(here, "preempted", 2))
    urgent = ["sbatch", "--partition=high", "--cpus-per-task=2", "--output=/dev/null", "--wrap=sleep 3"]
    subprocess.run(urgent, check=True, cwd=here, env=os.environ, stdout=subprocess.DEVNULL)
    begin_again_at_once(2)
    status, errors = ended(process)
    assert status == 0, errors
    assert scores(here / "runs" / "preempted") == expected
