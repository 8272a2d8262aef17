"""A sweep that several processes work on: two commands that are given the same, and workers side by side."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from command_lines import PATIENCE_S, command_line, environment, records

from runners.cli.entry_point import CONF

RunScript = Callable[..., subprocess.CompletedProcess[str]]


def test_each_cell_is_run_once_when_two_processes_are_given_the_same(here: Path, material: Any) -> None:
    choices = (*material.overrides, "strategy=mean", "freeze=decoder", "epochs=1", "metrics=[secs]", "name=shared")
    command = command_line("grid.py", "-m", *choices, "seed=0,1")
    processes = [
        subprocess.Popen(
            command, cwd=here, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    ended = [process.communicate(timeout=PATIENCE_S) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], ended
    said = "".join(output for output, _ in ended)
    assert said.count("  step 2: ") == 2
    assert said.count("is running it, not run here") + said.count("finished before, not run again") == 2
    assert "is running it, not run here" in said
    assert {record["status"] for record in records(here / "runs" / "shared").values()} == {"finished"}
    assert not list((here / "runs" / "shared").glob(".running"))


def test_workers_know_all_initialisers_when_cells_run_side_by_side(
    here: Path, material: Any, run_script: RunScript
) -> None:
    side_by_side = ("name=joblib", "epochs=0", "metrics=[secs]")
    two = (*(override for override in material.overrides if override != "jobs=1"), "jobs=2")
    choices = (*two, "strategy=mean", "freeze=decoder,decoder,all_but_embedding", *side_by_side)
    result = run_script("grid.py", "-m", *choices, cwd=here)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count(" |   step 0: ") == 2, "the cell that was named twice was run once"
    assert "Done   3 out of   3" in result.stdout + result.stderr
    found = records(here / "runs" / "joblib")
    assert len(found) == 2
    for record in found.values():
        assert record["status"] == "finished"
        assert record["leave_one_out_error"].keys() == {path.stem for path in (CONF / "strategy").glob("*.yaml")}
    assert len(pd.read_csv(here / "runs" / "joblib" / "comparison.csv")) == 2
