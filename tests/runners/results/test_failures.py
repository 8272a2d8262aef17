from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from runners.results.failures import FOLDER, SWEEP, begin_sweep, failures_of, forget_failures, note_failure
from runners.results.running_process import RunningProcess
from vits.common.errors import InputError

CELL = "strategy=mean,freeze=none,seed=0"


@pytest.fixture(autouse=True)
def _outside_a_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWEEP, "null")


def test_reason_is_found_by_the_cells_name_when_noted(tmp_path: Path) -> None:
    note = note_failure(tmp_path / "mine", CELL, InputError("data.root: é"))
    assert note == "InputError: data.root: é"
    note_failure(tmp_path / "mine", "cell 3", RuntimeError("out of memory"))
    assert failures_of(tmp_path / "mine") == {CELL: note, "cell 3": "RuntimeError: out of memory"}


def test_latest_reason_counts_when_a_cell_failed_twice(tmp_path: Path) -> None:
    note_failure(tmp_path, CELL, RuntimeError("first"))
    note_failure(tmp_path, CELL, RuntimeError("second"))
    assert failures_of(tmp_path) == {CELL: "RuntimeError: second"}


def test_failures_are_gone_and_cells_stay_when_forgotten(tmp_path: Path) -> None:
    (tmp_path / CELL).mkdir()
    note_failure(tmp_path, CELL, RuntimeError("x"))
    forget_failures(tmp_path)
    forget_failures(tmp_path)
    assert failures_of(tmp_path) == {}
    assert (tmp_path / CELL).is_dir()


@pytest.mark.parametrize("folder", ["failed", FOLDER])
def test_somebody_elses_files_stay_when_failures_are_forgotten(tmp_path: Path, folder: str) -> None:
    theirs = [tmp_path / folder / name for name in ("holiday.txt", "holiday.json", "list.json", "inner/a.json")]
    for path, text in zip(theirs, ("x", "x", '["cell"]', "{}"), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    note_failure(tmp_path, CELL, RuntimeError("x"))
    forget_failures(tmp_path)
    assert failures_of(tmp_path) == {}
    assert [path.read_text() for path in theirs] == ["x", "x", '["cell"]', "{}"]


def test_each_sweep_tells_its_own_failures_when_two_are_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = replace(RunningProcess.this(), pid=1, started="another")  # it has ended
    elsewhere = replace(RunningProcess.this(), host="elsewhere")  # of which nothing can be seen
    for sweep in (parent, elsewhere):
        monkeypatch.setenv(SWEEP, json.dumps(sweep.as_json()))
        note_failure(tmp_path, f"cell of {sweep.host}", RuntimeError("x"))
    begin_sweep(tmp_path)
    note_failure(tmp_path, "mine", RuntimeError("y"))
    assert failures_of(tmp_path) == {"mine": "RuntimeError: y"}
    monkeypatch.setenv(SWEEP, json.dumps(elsewhere.as_json()))
    assert failures_of(tmp_path) == {"cell of elsewhere": "RuntimeError: x"}


def test_nothing_failed_when_there_is_no_experiment(tmp_path: Path) -> None:
    assert failures_of(tmp_path / "none") == {}
