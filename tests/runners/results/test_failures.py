from __future__ import annotations

from pathlib import Path

from runners.results.failures import failures_of, forget_failures, note_failure
from vits.common.errors import InputError

CELL = "strategy=mean,freeze=none,seed=0"


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


def test_nothing_failed_when_there_is_no_experiment(tmp_path: Path) -> None:
    assert failures_of(tmp_path / "none") == {}
