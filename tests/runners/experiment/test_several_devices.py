"""A cell whose batches several devices share, and what becomes of it when one of them fails or is told to end."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command_lines import PATIENCE_S, command_line, environment
from joblib import Parallel, delayed
from lightning_fabric import Fabric

from runners.experiment.cell import Cell
from runners.experiment.run_cell import run_cell
from runners.experiment.several_devices import share_among_devices
from runners.results.cell_folder import CellFolder
from vits.common.errors import InputError
from vits.common.memory import NoMemoryError

MakeCell = Callable[..., Cell]
FAST = ("metrics=[secs]", "steps=3", "eval_every=2", "strategy=mean")


def losses(folder: CellFolder) -> pd.Series[float]:
    return pd.read_csv(folder.path / "losses.csv").set_index(["step", "loss"])["value"]


def test_result_is_that_of_one_device_when_two_share_a_cell_that_was_begun_by_one(
    make_cell: MakeCell, capfd: pytest.CaptureFixture[str]
) -> None:
    one = run_cell(make_cell(*FAST, "name=one"))
    begun = run_cell(make_cell(*FAST, "name=two", "stop_after=2"))
    assert not begun.finished
    capfd.readouterr()
    two = run_cell(make_cell(*FAST, "name=two", "devices=2", "training.accumulate=2"))
    said = capfd.readouterr().out
    assert said.count("resumed at step 2") == said.count("step 3: ") == 1, "one of them speaks for both"
    assert two.finished
    expected = losses(one)
    assert losses(two).to_dict() == pytest.approx(expected.to_dict(), rel=1e-4)
    scores = [pd.read_csv(folder.path / "scores.csv") for folder in (one, two)]
    keys = ["step", "split", "speaker", "utterance", "metric"]
    assert scores[0][keys].equals(scores[1][keys])
    assert scores[1]["value"].to_numpy() == pytest.approx(scores[0]["value"].to_numpy(), abs=1e-3)


def short_of_memory_beside_the_first(fabric: Fabric, cell: Cell) -> None:
    """Stands for a step in which one device needs more than it has, while the first waits for its gradients."""
    if not fabric.is_global_zero:
        raise NoMemoryError("there is not enough memory; make something smaller")
    fabric.barrier()


def test_error_of_one_device_is_told_while_another_waits_for_it(make_cell: MakeCell) -> None:
    cell = make_cell(*FAST, "devices=2")
    with pytest.raises(NoMemoryError, match=r"^there is not enough memory; make something smaller$"):
        share_among_devices(cell, short_of_memory_beside_the_first)


def test_devices_are_begun_when_the_cell_is_one_of_joblibs(make_cell: MakeCell) -> None:
    cell = make_cell(*FAST, "devices=2")
    shared = (delayed(share_among_devices)(cell, short_of_memory_beside_the_first) for _ in range(2))
    with pytest.raises(NoMemoryError, match=r"^there is not enough memory; make something smaller$"):
        Parallel(n_jobs=2)(shared)


def test_more_devices_than_there_are_are_refused_before_any_is_begun(make_cell: MakeCell) -> None:
    with pytest.raises(InputError, match=r"devices=9999 must be from 1 to the \d+ processor cores of this machine"):
        run_cell(make_cell(*FAST, "devices=9999"))


def test_training_is_saved_and_goes_on_when_its_devices_are_told_to_end(material: Any, tmp_path: Path) -> None:
    overrides = (*material.overrides, *FAST, "steps=4000", "devices=2", "wandb.mode=disabled")
    command = command_line("grid.py", *overrides)
    folder = tmp_path / "runs" / "demo"
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    begun = time.monotonic()
    while not list(folder.glob("*/scores.csv")) and time.monotonic() - begun < PATIENCE_S and process.poll() is None:
        time.sleep(0.5)
    os.kill(process.pid, signal.SIGTERM)
    _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert "error: told to end (SIGTERM); it is saved, and the same command goes on from there" in told
    (state,) = folder.glob("*/state.safetensors")
    again = subprocess.run(
        command_line("grid.py", *overrides, "stop_after=2"),
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert "resumed at step" in again.stdout or "waits" in again.stdout, again.stderr
    assert state.is_file()
