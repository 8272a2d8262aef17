"""A sweep as a user runs it: its cells are compared, and those that fail don't keep the others."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command_lines import records

from runners.results.failures import failures_of

RunScript = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def sweep(here: Path, material: Any, run_here: RunScript) -> subprocess.CompletedProcess[str]:
    """Two strategies under two policies."""
    choices = ("strategy=mean,random", "freeze=decoder,all_but_embedding", "epochs=1", "metrics=[secs]")
    return run_here("grid.py", "-m", *material.overrides, *choices, "name=sweep", cwd=here)


def test_all_cells_are_compared_when_swept(sweep: subprocess.CompletedProcess[str], here: Path) -> None:
    assert sweep.returncode == 0, sweep.stderr
    found = records(here / "runs" / "sweep")
    assert sorted((record["axes"]["strategy"], record["axes"]["freeze"]) for record in found.values()) == [
        (strategy, freeze) for strategy in ("mean", "random") for freeze in ("all_but_embedding", "decoder")
    ]
    assert {record["status"] for record in found.values()} == {"finished"}
    table = pd.read_csv(here / "runs" / "sweep" / "comparison.csv")
    assert set(table[["strategy", "freeze"]].itertuples(index=False, name=None)) == {
        (strategy, freeze) for strategy in ("mean", "random") for freeze in ("all_but_embedding", "decoder")
    }
    assert set(table.loc[table["freeze"] == "all_but_embedding", "trained"]) == {"0.0 %"}
    printed = [line.split("│")[1].strip() for line in sweep.stdout.splitlines() if line.startswith("│")]
    assert printed == [*table["strategy"], *printed[len(table) :]]
    assert sweep.stdout.count("sweep: new voices") == 1
    told = [line for line in sweep.stdout.splitlines() if "logged offline" in line]
    assert told == ["4 runs were logged offline; to upload: wandb sync runs/sweep/*/wandb/offline-run-*"]
    assert not list((here / "runs" / "sweep").glob("*.log"))


def test_other_cells_run_and_the_status_tells_when_some_fail(
    sweep: subprocess.CompletedProcess[str], here: Path, material: Any, run_here: RunScript
) -> None:
    experiment = here / "runs" / "sweep"
    before = records(experiment)
    # no seed is negative, and the cell of seed 3 is new
    choices = (*material.overrides, "strategy=mean", "freeze=decoder", "epochs=1", "metrics=[secs]", "name=sweep")
    result = run_here("grid.py", "-m", *choices, "seed=-1,0,3", cwd=here)
    assert result.returncode == 2
    after = records(experiment)
    (added,) = after.keys() - before.keys()
    assert after[added]["seed"] == 3
    assert after[added]["status"] == "finished"
    assert {name: after[name] for name in before} == before
    assert len(pd.read_csv(experiment / "comparison.csv")) == 5

    told = result.stderr.splitlines()
    assert told[0] == "error: 1 cells failed:"
    assert told[1] == f"  cell 0: InputError: seed=-1 must be a whole number of at least 0 and below {2**64}"
    assert "Traceback" not in result.stderr

    assert failures_of(experiment).keys() == {"cell 0"}
    again = run_here("grid.py", "-m", *choices, "seed=3", cwd=here)
    assert again.returncode == 0, again.stderr
    assert failures_of(experiment) == {}
