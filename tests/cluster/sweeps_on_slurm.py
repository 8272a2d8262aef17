"""Sweeps whose cells are jobs of a real Slurm, which `tests/cluster/run` starts; its jobs meet with all that happens.

However a cell comes to its end, its scores are those of the same sweep run one after the other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.runners.conftest import ROOT, Material, material, small_bundle, small_spec

__all__ = ["material", "small_bundle", "small_spec"]  # the fixtures

CHOICES = ("strategy=mean,nearest", "freeze=decoder", "steps=30", "eval_every=10", "metrics=[secs]")
SLURM = ("hydra/launcher=slurm", "hydra.launcher.cpus_per_task=1", "hydra.launcher.partition=low")
PATIENCE_S = 600


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def expected(here: Path, material: Material) -> dict[str, bytes]:
    """The scores of the sweep without a cluster."""
    assert sweep(here, material, "sequential", ()).wait(PATIENCE_S) == 0
    return scores(here / "runs" / "sequential")


def sweep(here: Path, material: Material, name: str, launcher: tuple[str, ...]) -> subprocess.Popen[str]:
    command = [sys.executable, str(ROOT / "runners" / "grid.py"), "-m", *material.overrides, *CHOICES, *launcher]
    return subprocess.Popen([*command, f"name={name}"], cwd=here, stderr=subprocess.PIPE, text=True)


def scores(experiment: Path) -> dict[str, bytes]:
    """What each finished cell scored."""
    finished = [path.parent for path in experiment.glob("*/cell.json") if record(path)["status"] == "finished"]
    return {folder.name: (folder / "scores.csv").read_bytes() for folder in finished}


def record(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def jobs(*states: str) -> list[str]:
    """The numbers of the sweep's jobs in these states."""
    command = ["squeue", "--noheader", "--array", "--partition=low", f"--states={','.join(states)}", "--format=%i"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def until(found: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not found():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.5)


def begin_again_at_once(n_jobs: int) -> None:
    """Spare the jobs the two minutes that Slurm lets them wait after they were queued again."""
    until(lambda: len(jobs("pending")) >= n_jobs)
    for job in jobs("pending"):
        subprocess.run(["scontrol", "update", f"JobId={job}", "StartTime=now"], check=True)


def begun(here: Path, name: str, cells: int) -> bool:
    """Whether so many cells have been evaluated once and are at their training."""
    return len(list((here / "runs" / name).glob("*/scores.csv"))) >= cells


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, errors = process.communicate(timeout=PATIENCE_S)
    return process.returncode, errors


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
