"""A cell that fails: what is written down of it, and what is told in one line."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from typing import Any

import pytest
import torch

from runners.cli.entry_point import told_in_one_line
from runners.experiment.cell import Cell
from runners.experiment.run_cell import run_cell
from runners.experiment.sweep_member import run_or_note_failure
from runners.results.cell_folder import CellFolder
from runners.training.trainer import TrainingDivergedError
from vits.common.errors import BrokenOffError

MakeCell = Callable[..., Cell]


def test_failure_is_written_down_when_training_diverges(
    make_cell: MakeCell, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = make_cell("epochs=1", "metrics=[secs]", "training.optimizer.learning_rate=1e30")
    with pytest.raises(TrainingDivergedError, match="is no number any more at step 0"):
        run_cell(cell)
    with pytest.raises(SystemExit) as left, told_in_one_line():
        run_cell(cell)
    assert left.value.code == 1
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith("error: ")
    assert "lower training.optimizer.learning_rate" in told
    record = json.loads((cell.directory / "cell.json").read_text(encoding="utf-8"))
    assert record["status"] == "failed"
    assert record["error"].startswith("TrainingDivergedError: ")
    assert not (cell.directory / "generator.safetensors").exists()
    assert not CellFolder(cell.directory).finished


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: you tried"),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB."),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_what_to_make_smaller_is_told_when_memory_runs_out(
    error: Exception, make_cell: MakeCell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run_out(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("runners.experiment.run_cell.new_voices", run_out)
    cell = make_cell("epochs=0", "metrics=[secs]")
    with pytest.raises(
        BrokenOffError,
        match=r"^there is not enough memory; .*\(training\.accumulate=4\).* training\.batch_size, .* precision=bf16$",
    ):
        run_cell(cell)
    run_or_note_failure(lambda: cell, run_cell, cell.directory.parent, 0)
    with pytest.raises(SystemExit) as left, told_in_one_line():
        run_cell(cell)
    assert left.value.code == 1
    told = capsys.readouterr()
    assert told.out.count("\n") == told.err.count("\n") == 1
    assert "NoMemoryError: there is not enough memory; compute each batch in parts (training.accumulate=4)" in told.out
    assert told.err.startswith("error: there is not enough memory; compute each batch in parts (training.accumulate=4)")


def test_memory_is_told_in_one_line_when_it_runs_out_anywhere(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left, told_in_one_line():
        torch.empty(2**60)
    assert left.value.code == 1
    assert capsys.readouterr().err.startswith("error: there is not enough memory; make the batch size smaller")
