from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from runners.results import kept_state
from runners.results.cell_folder import CellFolder, audio_file
from runners.results.cell_identity import Identity
from runners.results.kept_state import KEPT, has_kept_state, keep_state, shorter_cell, take_over
from runners.results.own_files import remove_own_files
from vits.common.errors import InputError

SHORT = {"seed": 0, "data": "x", "steps": 50, "evaluations": [0, 25, 50]}
LONG = Identity({**SHORT, "steps": 100, "evaluations": [0, 25, 50, 100]})
SCORES = pd.DataFrame(
    {"step": [0, 25], "split": "test", "speaker": "anna", "utterance": "a/1", "metric": "wer", "value": 0.5}
)


def finished(path: Path, contents: Mapping[str, Any], *, kept: bool = True, done: bool = True) -> CellFolder:
    """A cell with tables, weights and audio of its evaluations, whose end was scored after its state was kept."""
    cell = CellFolder(path)
    cell.begin(Identity(contents), "seed: 0\n")
    cell.write_table("scores", SCORES)
    cell.state.write_bytes(b"state")
    cell.best.write_bytes(b"best")
    for step in (0, 25, 50):
        for place in (audio_file(path, step, "test", "anna", "a/1"), path / f"pictures/step={step:05}/anna-a+1.png"):
            place.parent.mkdir(parents=True)
            place.write_bytes(b"media")
    if kept:
        keep_state(cell)
    cell.write_table("scores", pd.concat([SCORES, SCORES.assign(step=50)]))
    if done:
        cell.finish([], {"step": 50})
    return cell


def begun(path: Path) -> CellFolder:
    cell = CellFolder(path)
    cell.begin(LONG, "seed: 0\n")
    return cell


def test_what_stood_before_the_last_evaluation_is_taken_over_when_a_state_was_kept(tmp_path: Path) -> None:
    short = finished(tmp_path / "short", SHORT)
    found = shorter_cell(tmp_path, LONG)
    assert found is not None
    assert found.path == short.path
    assert has_kept_state(short.path)
    long = begun(tmp_path / "long")
    take_over(long, found)
    assert (long.state.read_bytes(), long.best.read_bytes()) == (b"state", b"best")
    assert set(long.table("scores")["step"]) == {0, 25}
    media = {str(path.relative_to(long.path)) for path in long.path.glob("*/step=*/**/*.*")}
    assert media == {f"{kind}-a+1.{end}" for step in (0, 25) for kind, end in (
        (f"audio/step={step:05}/test/anna", "flac"), (f"pictures/step={step:05}/anna", "png")
    )}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"data": "y"},
        {"steps": 100},
        {"steps": 200, "evaluations": [0, 25, 50, 100, 200]},
        {"evaluations": [0, 10, 50]},
        {"evaluations": [0, 50]},
        {"more": 1},
    ],
)
def test_cell_is_no_beginning_of_another_when_more_than_its_end_differs(change: dict[str, Any], tmp_path: Path) -> None:
    finished(tmp_path / "short", {**SHORT, **change})
    assert shorter_cell(tmp_path, LONG) is None


@pytest.mark.parametrize("evaluations", [[0, 25, 50], [0, 25, 30, 50]])
def test_end_of_the_shorter_need_not_be_evaluated_by_the_longer(evaluations: list[int], tmp_path: Path) -> None:
    finished(tmp_path / "short", {**SHORT, "steps": 30, "evaluations": [0, 25, 30]})
    assert shorter_cell(tmp_path, Identity({**SHORT, "evaluations": evaluations})) is not None


def test_longest_is_chosen_when_several_kept_their_state(tmp_path: Path) -> None:
    finished(tmp_path / "b", {**SHORT, "steps": 30, "evaluations": [0, 25, 30]})
    finished(tmp_path / "a", SHORT)
    finished(tmp_path / "c", {**SHORT, "steps": 70, "evaluations": [0, 25, 50, 70]}, kept=False)
    finished(tmp_path / "d", {**SHORT, "steps": 80, "evaluations": [0, 25, 50, 80]}, done=False)
    found = shorter_cell(tmp_path, LONG)
    assert found is not None
    assert found.path.name == "a"


def _damage(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"0", b"1"))


@pytest.mark.parametrize("name", ["cell.json", "scores.csv"])
def test_cell_is_passed_by_when_it_was_damaged(name: str, tmp_path: Path) -> None:
    short = finished(tmp_path / "short", SHORT)
    _damage(short.path / name)
    assert shorter_cell(tmp_path, LONG) is None


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("scores.csv", _damage),
        ("checksums.json", lambda path: path.write_text("[]")),
        ("checksums.json", lambda path: path.write_text("{}")),
        ("state.safetensors", lambda path: path.write_bytes(b"")),
        ("best.safetensors", lambda path: (path.unlink(), path.mkdir())),
    ],
)
def test_kept_state_is_refused_by_name_when_it_was_damaged(
    name: str, damage: Callable[[Path], Any], tmp_path: Path
) -> None:
    short = finished(tmp_path / "short", SHORT)
    damage(short.path / KEPT / name)
    long = begun(tmp_path / "long")
    with pytest.raises(InputError, match=name):
        take_over(long, short)
    assert not long.state.exists()


def test_nothing_outside_is_copied_when_a_split_leads_elsewhere(tmp_path: Path) -> None:
    short = finished(tmp_path / "short", SHORT)
    CellFolder(short.path / KEPT).write_table("scores", SCORES.assign(split="../../.."))
    kept_state.write_manifest(short.path / KEPT, kept_state.FILES)
    with pytest.raises(InputError, match=r"split='\.\./\.\./\.\.' can't name a folder"):
        take_over(begun(tmp_path / "long"), short)


def test_nothing_counts_as_kept_when_it_was_stopped_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = finished(tmp_path / "short", SHORT, done=False)
    monkeypatch.setattr(kept_state, "write_manifest", lambda *_: None)
    keep_state(cell)
    assert not has_kept_state(cell.path)
    remove_own_files(cell.path)
    assert not list(cell.path.iterdir())
