"""A longer cell that goes on from a shorter one, beside the same cell run through."""

from __future__ import annotations

import filecmp
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from runners.experiment.cell import Cell
from runners.experiment.run_cell import run_cell
from runners.results import kept_state
from runners.results.cell_folder import CellFolder
from runners.results.kept_state import KEPT
from vits.checkpoint import load_tensors
from vits.common.errors import InputError

MakeCell = Callable[..., Cell]

TABLES = ("scores", "references", "transcripts", "losses", "texts", "split", "lint")
CHEAP = (
    "metrics=[secs]",
    "eval_every=1",
    "+evaluation.utterances_per_speaker.validation=1",
    "evaluation.validation_sentences=1",
    "evaluation.test_texts=0",
    "average=ema",
)
RESULT = ("best.safetensors", "references.csv", "generator.safetensors")
SHORT, LONG = "steps=2", "steps=3"
NEW = "  step 0: "  # said where a cell was evaluated before training


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders of cells that were run once for all tests."""
    return {"": tmp_path_factory.mktemp("finished")}


def run_once(cell: Cell, finished: dict[str, Path], name: str) -> CellFolder:
    """The finished cell in its place; run if this is the first time, or copied there."""
    kept = finished[""] / name
    if kept.is_dir():
        shutil.copytree(kept, cell.directory)
        return CellFolder(cell.directory)
    folder = run_cell(cell)
    shutil.copytree(folder.path, kept)
    return folder


def assert_equal_results(one: CellFolder, other: CellFolder) -> None:
    """All tables, all audio and pictures, and all weights are the same bit for bit."""
    media = sorted(str(path.relative_to(one.path)) for path in one.path.glob("*/step=*/**/*.*"))
    assert media
    assert media == sorted(str(path.relative_to(other.path)) for path in other.path.glob("*/step=*/**/*.*"))
    names = [*(f"{table}.csv" for table in TABLES), *media]
    assert not [name for name in names if not filecmp.cmp(one.path / name, other.path / name, shallow=False)]
    ours, theirs = (load_tensors(cell.path / "generator.safetensors") for cell in (one, other))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours | theirs)
    chosen = [json.dumps([cell.record["chosen"], cell.record["summary"]]) for cell in (one, other)]
    assert chosen[0] == chosen[1]


def test_result_is_that_of_running_through_when_a_longer_cell_goes_on(
    make_cell: MakeCell, finished: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    short = run_once(make_cell(*CHEAP, SHORT, "keep=state"), finished, "short")
    assert not short.state.exists()
    through = run_once(make_cell(*CHEAP, LONG, "name=through"), finished, "through")
    capsys.readouterr()
    going_on = run_cell(make_cell(*CHEAP, LONG))
    told = capsys.readouterr().out
    assert f"  continued from {short.path.name}, which kept its state\n" in told
    assert "  resumed at step 2\n" in told
    assert NEW not in told
    assert_equal_results(going_on, through)
    assert going_on.record["continued_from"] == {"cell": short.path.name, "step": 2}
    assert going_on.record["cost"]["training_s"] > short.record["cost"]["training_s"]
    assert not (going_on.path / KEPT).exists(), "it was not asked to keep its own"
    run_cell(make_cell(*CHEAP, LONG, "keep=state"))
    assert capsys.readouterr().out.endswith("; it didn't keep its state\n")


def test_result_is_the_same_when_a_cell_is_stopped_while_it_takes_over(
    make_cell: MakeCell, finished: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    short = run_once(make_cell(*CHEAP, SHORT, "keep=state"), finished, "short")
    through = run_once(make_cell(*CHEAP, LONG, "name=through"), finished, "through")
    copy = kept_state.copy_atomically

    def stop(source: Path, target: Path) -> None:
        if target.name == "state.safetensors":
            raise KeyboardInterrupt
        copy(source, target)

    monkeypatch.setattr(kept_state, "copy_atomically", stop)
    with pytest.raises(KeyboardInterrupt):
        run_cell(make_cell(*CHEAP, LONG))
    monkeypatch.undo()
    (short.path / KEPT / "checksums.json").unlink()  # and it can't be taken over any more
    assert_equal_results(run_cell(make_cell(*CHEAP, LONG)), through)


class Killed(BaseException):
    """The process ends."""


def _is_trained(cell: Cell) -> bool:
    """Whether it has come to its last step."""
    losses = cell.directory / "losses.csv"
    return losses.is_file() and "\n3,mel," in losses.read_text(encoding="utf-8")


def test_result_is_the_same_when_a_cell_ends_between_any_two_files_of_its_result(
    make_cell: MakeCell, finished: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the last evaluation on the process ends once after each, in the order in which they are written."""
    through = run_once(make_cell(*CHEAP, LONG, "name=through"), finished, "through")
    cell = make_cell(*CHEAP, LONG)
    put = Path.replace
    survived: list[str] = []
    dead = False

    def put_and_die(unfinished: Path, target: Path) -> Path:
        nonlocal dead
        if dead:  # nothing of what Python still does reaches the disk
            raise Killed
        done = put(unfinished, target)
        if target.parent == cell.directory and target.name in {*RESULT} - {*survived} and _is_trained(cell):
            survived.append(target.name)
            dead = True
            raise Killed
        return done

    monkeypatch.setattr(Path, "replace", put_and_die)
    for _ in RESULT:
        dead = False
        with pytest.raises(Killed):
            run_cell(cell)
        assert not CellFolder(cell.directory).finished
    monkeypatch.undo()
    assert survived == list(RESULT)
    assert_equal_results(run_cell(cell), through)
    assert not (cell.directory / "best.safetensors").exists()


def test_training_begins_anew_when_its_rates_follow_its_length(
    make_cell: MakeCell, capsys: pytest.CaptureFixture[str]
) -> None:
    gradual = (*CHEAP, "freeze=gradual", "average=none", "~evaluation.utterances_per_speaker.validation")
    short = run_cell(make_cell(*gradual, "steps=1", "keep=state"))
    capsys.readouterr()
    run_cell(make_cell(*gradual, "steps=2"))
    told = capsys.readouterr().out
    assert f"  not continued from {short.path.name}: what learns when depends on the length; training anew\n" in told
    assert NEW in told


def test_training_begins_anew_when_the_kept_state_was_changed(
    make_cell: MakeCell, finished: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    short = run_once(make_cell(*CHEAP, SHORT, "keep=state"), finished, "short")
    state = short.path / KEPT / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-1])
    capsys.readouterr()
    run_cell(make_cell(*CHEAP, LONG))
    told = capsys.readouterr().out
    (warning,) = [line for line in told.splitlines() if "warning: not continued" in line]
    assert f"{state} was changed" in warning
    assert NEW in told


def test_keep_is_refused_in_one_line_when_it_is_unknown(make_cell: MakeCell) -> None:
    with pytest.raises(InputError, match=r"keep='everything' must be .* one of result, state"):
        make_cell("keep=everything")
