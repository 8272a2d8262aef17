from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from runners.results.failures import SWEEP, begin_sweep
from runners.results.running_process import RunningProcess
from runners.results.sweep_record import (
    FOLDER,
    SWEEP_JSON,
    begin_members,
    end_members,
    note_member,
    outside_the_last_sweep,
)
from vits.common.errors import InputError


@pytest.fixture(autouse=True)
def _outside_a_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWEEP, "null")


def sweep(experiment: Path, *cells: str) -> list[str]:
    begin_sweep(experiment)
    begin_members(experiment)
    for cell in cells:
        note_member(experiment, cell)
    return end_members(experiment)


def test_cells_of_earlier_sweeps_are_outside_the_last_one(tmp_path: Path) -> None:
    assert outside_the_last_sweep(tmp_path, ["a", "b"]) == []
    assert sweep(tmp_path, "b", "a", "a") == ["a", "b"]
    assert outside_the_last_sweep(tmp_path, ["a", "b", "c"]) == ["c"]
    assert sweep(tmp_path, "b") == ["b"]
    assert outside_the_last_sweep(tmp_path, ["a", "b"]) == ["a"]
    assert [path.name for path in tmp_path.iterdir()] == [SWEEP_JSON], "no notes are left"


def test_notes_of_several_processes_are_one_record(tmp_path: Path) -> None:
    begin_sweep(tmp_path)
    begin_members(tmp_path)
    note_member(tmp_path, "a")
    child = os.fork()
    if not child:
        note_member(tmp_path, "b")
        os._exit(0)
    os.waitpid(child, 0)
    assert end_members(tmp_path) == ["a", "b"]


def test_the_record_stays_when_a_sweep_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep(tmp_path, "a", "b")
    killed = replace(RunningProcess.this(), pid=1, started="another")
    monkeypatch.setenv(SWEEP, json.dumps(killed.as_json()))
    begin_members(tmp_path)
    note_member(tmp_path, "a")
    assert outside_the_last_sweep(tmp_path, ["a", "b"]) == []
    assert sweep(tmp_path, "b") == ["b"]
    assert not (tmp_path / FOLDER).exists()


def test_another_sweep_keeps_its_notes_when_one_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = json.dumps(replace(RunningProcess.this(), host="elsewhere").as_json())
    monkeypatch.setenv(SWEEP, elsewhere)
    begin_members(tmp_path)
    note_member(tmp_path, "theirs")
    sweep(tmp_path, "mine")
    monkeypatch.setenv(SWEEP, elsewhere)
    assert end_members(tmp_path) == ["theirs"]


def test_a_damaged_record_is_refused(tmp_path: Path) -> None:
    (tmp_path / SWEEP_JSON).write_text('{"cells": 3}', encoding="utf-8")
    with pytest.raises(InputError, match=r"sweep\.json"):
        outside_the_last_sweep(tmp_path, ["a"])


def test_users_files_stay_among_the_notes(tmp_path: Path) -> None:
    begin_sweep(tmp_path)
    begin_members(tmp_path)
    (notes,) = (tmp_path / FOLDER).iterdir()
    (notes / "mine.md").write_text("x")
    note_member(tmp_path, "a")
    assert end_members(tmp_path) == ["a"]
    assert [path.name for path in notes.iterdir()] == ["mine.md"]
