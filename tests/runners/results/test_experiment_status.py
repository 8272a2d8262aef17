from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from runners.results.cell_folder import CellFolder
from runners.results.cell_identity import Identity
from runners.results.experiment_status import CellStatus, experiment_status, status_lines
from runners.results.failures import note_failure
from runners.results.lease import FOLDER, Lease
from runners.results.sweep_record import SWEEP_JSON
from tests.small_experiment import write_experiment
from vits.common.errors import InputError

HOUR_S = 3600.0


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    """Four finished cells."""
    return write_experiment(tmp_path / "runs" / "demo")


@pytest.fixture
def running(experiment: Path) -> Iterator[Path]:
    """A cell that this process holds: 50 of 200 steps in an hour."""
    folder = experiment / "busy"
    lease = Lease(folder)
    assert lease.take() is None
    with lease:
        begun = begin(folder, lease)
        scores = {"step": [0, 50], "split": "test", "speaker": "anna", "utterance": "1", "metric": "wer", "value": 0.5}
        begun.write_table("scores", pd.DataFrame(scores))
        begun.update(started_at=0.0)
        os.utime(folder / "scores.csv", (HOUR_S, HOUR_S))
        yield folder


def begin(folder: Path, lease: Lease | None = None) -> CellFolder:
    cell = CellFolder(folder, lease)
    cell.begin(Identity({"steps": 200}), "name: demo\n", axes={}, settings={}, seed=0)
    return cell


def by_name(experiment: Path, now_s: float | None = None) -> dict[str, CellStatus]:
    return {cell.name: cell for cell in experiment_status(experiment, now_s)}


def test_finished_cells_are_counted(experiment: Path) -> None:
    assert list(status_lines(experiment_status(experiment))) == ["4 cells: 4 finished"]


def test_a_running_cell_says_where_and_how_long_still(experiment: Path, running: Path) -> None:
    found = by_name(experiment, now_s=HOUR_S + 60)[running.name]
    assert (found.status, found.step, found.steps) == ("running", 50, 200)
    assert f"process {os.getpid()} on " in found.holder
    assert found.left_s == pytest.approx(3 * HOUR_S - 60)
    first, line = status_lines(experiment_status(experiment, now_s=HOUR_S + 60))
    assert first == "5 cells: 1 running, 4 finished"
    assert line.endswith("about 179 min left")
    assert (running.parent / FOLDER / "busy.json").is_file(), "who looks takes nothing away"


def test_a_cell_that_nobody_holds_was_broken_off(experiment: Path) -> None:
    begin(experiment / "left")
    assert by_name(experiment)["left"].status == "broken off"


def test_a_holder_that_ended_holds_nothing(experiment: Path, running: Path) -> None:
    path = experiment / FOLDER / "busy.json"
    content: dict[str, Any] = json.loads(path.read_bytes())
    path.write_text(json.dumps({**content, "started": "1"}), encoding="utf-8")
    assert by_name(experiment)[running.name].status == "broken off"


def test_failures_say_why_also_of_cells_without_a_folder(experiment: Path) -> None:
    begin(experiment / "failed").fail(ValueError("no memory"))
    note_failure(experiment, "cell 3", InputError("seed=-1 must be more"))
    found = by_name(experiment)
    assert (found["failed"].status, found["failed"].why) == ("failed", "ValueError: no memory")
    assert (found["cell 3"].status, found["cell 3"].why) == ("failed", "InputError: seed=-1 must be more")


def test_a_dropped_cell_says_behind_whom(experiment: Path) -> None:
    cell = begin(experiment / "dropped")
    cell.wait(50, {})
    assert by_name(experiment)["dropped"].status == "waiting"
    cell.drop({"step": 50, "leader": "nearest · none"})
    assert by_name(experiment)["dropped"].why == "after step 50 behind nearest · none"


def test_an_experiment_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no experiment .*nosuch; name one"):
        experiment_status(tmp_path / "nosuch")


def test_cells_that_the_last_sweep_was_not_of_are_listed(experiment: Path) -> None:
    kept, *others = sorted(path.parent.name for path in experiment.glob("*/cell.json"))
    (experiment / SWEEP_JSON).write_text(json.dumps({"cells": others}), encoding="utf-8")
    assert list(status_lines(experiment_status(experiment))) == [
        "4 cells: 4 finished",
        "1 of them are not in the last sweep, and are kept:",
        f"  {kept}",
    ]


def test_a_cell_that_was_taken_and_not_begun_is_running(experiment: Path) -> None:
    with Lease(experiment / "taken") as lease:
        assert lease.take() is None
        found = by_name(experiment)["taken"]
    assert (found.status, found.step) == ("running", 0)
    assert f"process {os.getpid()} on " in found.holder
