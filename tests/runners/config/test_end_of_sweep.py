from __future__ import annotations

from pathlib import Path

import pytest

from runners.config.end_of_sweep import tell_left_to_others, tell_what_to_upload
from runners.results.cell_folder import CellFolder
from runners.results.cell_identity import Identity
from runners.results.failures import SWEEP, begin_sweep
from runners.results.lease import Lease
from runners.results.sweep_record import begin_members, note_member


@pytest.fixture
def experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sweep of three cells: one is finished, one was left by its process, and one is another's that isn't begun."""
    monkeypatch.setenv(SWEEP, "null")
    begin_sweep(tmp_path)
    begin_members(tmp_path)
    for name in ("done", "left", "taken"):
        note_member(tmp_path, name)
    for name in ("done", "left", "of an earlier sweep"):
        CellFolder(tmp_path / name).begin(Identity({"steps": 1}), "name: demo\n", axes={}, settings={}, seed=0)
    CellFolder(tmp_path / "done").finish([], {"step": 1})
    return tmp_path


def test_cells_of_the_sweep_without_a_result_are_told(experiment: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Lease(experiment / "taken") as lease:
        assert lease.take() is None
        tell_left_to_others(experiment)
    taken, left, told = capsys.readouterr().out.splitlines()
    assert left == "left: broken off by another process"
    assert taken.startswith("taken: process ")
    assert taken.endswith(" is running it")
    assert told == "2 cells have no result yet; the same command makes up for those that are broken off"


def test_nothing_is_told_when_all_of_the_sweep_is_done(experiment: Path, capsys: pytest.CaptureFixture[str]) -> None:
    CellFolder(experiment / "left").finish([], {"step": 1})
    tell_left_to_others(experiment)
    assert capsys.readouterr().out == ""


def offline_run(cell: Path, name: str, *, passed_over: bool = False) -> None:
    run = cell / "wandb" / f"offline-run-20260101_000000-{name}"
    run.mkdir(parents=True)
    for file in [f"run-{name}.wandb", *([f"run-{name}.wandb.synced"] if passed_over else [])]:
        (run / file).touch()


def test_one_command_is_told_when_runs_wait_to_be_uploaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    experiment = tmp_path / "it's mine"
    tell_what_to_upload(experiment)
    for place in range(3):
        offline_run(experiment / f"strategy=mean,seed={place}", str(place), passed_over=place == 2)
    tell_what_to_upload(experiment)
    folder = f"{tmp_path}/it'\"'\"'s mine"
    told = f"2 runs were logged offline; to upload: wandb sync '{folder}'/*/wandb/offline-run-*\n"
    assert capsys.readouterr().out == told
