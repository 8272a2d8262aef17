"""The same sweep given again: what failed, what another process has, and cells of another sweep."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runners.experiment.cell import Cell
from runners.experiment.run_cell import run_cell
from runners.results.cell_folder import FailedBeforeError
from runners.results.lease import Lease
from runners.training.trainer import TrainingDivergedError

RunScript = Callable[..., subprocess.CompletedProcess[str]]
MakeCell = Callable[..., Cell]
CHOICES = ("strategy=mean", "freeze=decoder", "steps=1", "metrics=[secs]", "name=again")
DIVERGING = "training.optimizer.learning_rate=1e30"


def test_failed_cells_are_told_and_tried_with_retry_alone(here: Path, material: Any, run_here: RunScript) -> None:
    def sweep(*more: str) -> subprocess.CompletedProcess[str]:
        return run_here("grid.py", "-m", *material.overrides, *CHOICES, *more, cwd=here)

    first = sweep(f"{DIVERGING},1e-4")
    assert first.returncode == 1
    assert "error: 1 cells failed:" in first.stderr
    assert "retry=failed" not in first.stderr
    again = sweep(f"{DIVERGING},1e-4")
    assert again.returncode == 1
    assert "\nstrategy=mean,freeze=decoder,seed=0," in again.stdout, "passed before any cell is launched"
    assert again.stdout.count("finished before, not run again") == 1
    members = json.loads((here / "runs" / "again" / "sweep.json").read_text(encoding="utf-8"))["cells"]
    assert len(members) == 2, "also of the one that wasn't launched"
    assert "retry=failed tries it again" in again.stderr
    retried = sweep(DIVERGING, "retry=failed")
    assert retried.returncode == 1
    assert "retry=failed" not in retried.stderr
    listed = (here / "runs" / "again" / "report" / "report.md").read_text(encoding="utf-8")
    assert "Not in the last sweep, and compared all the same: strategy=mean,freeze=decoder,seed=0," in listed
    members = json.loads((here / "runs" / "again" / "sweep.json").read_text(encoding="utf-8"))["cells"]
    assert len(members) == 1, "the finished cell was in the sweeps before this one alone"


def test_an_unknown_retry_ends_the_sweep_before_its_first_cell(here: Path, material: Any, run_here: RunScript) -> None:
    result = run_here("grid.py", "-m", *material.overrides, "retry=all", "name=unknown", cwd=here)
    assert (result.returncode, result.stderr) == (
        2,
        "error: retry=all is not allowed; choose one of none, failed\n",
    )
    assert not (here / "runs" / "unknown").exists()


def test_a_failed_cell_is_of_one_configuration(make_cell: MakeCell) -> None:
    failing = replace(make_cell(*CHOICES, DIVERGING), tries_failed=False)
    for expected in (TrainingDivergedError, FailedBeforeError):
        with pytest.raises(expected, match="no number any more"):
            run_cell(failing)
    with pytest.raises(TrainingDivergedError):
        run_cell(replace(failing, tries_failed=True))


def test_a_cell_that_another_process_has_is_passed_at_once(
    make_cell: MakeCell, material: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = make_cell(*CHOICES, f"base.path={tmp_path / 'none'}")  # which would be refused as soon as it is read
    with Lease(cell.directory) as lease:
        assert lease.take() is None
        run_cell(cell)
    assert " is running it, not run here (" in capsys.readouterr().out
