"""Signals to end are held back until nothing is lost by it; a cell that was told to end goes on bit for bit."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from runners.evaluation.evaluator import Evaluator
from runners.experiment.cell import Cell
from runners.experiment.run_cell import run_cell
from runners.experiment.sweep_member import run_or_note_failure
from runners.results.cell_folder import CellFolder
from runners.training.end_signal import EndSignal
from runners.training.trainer import Trainer
from vits.checkpoint import load_tensors
from vits.common.errors import ToldToEndError

MakeCell = Callable[..., Cell]
SETTINGS = ("steps=3", "eval_every=2", "training.batch_size=2", "metrics=[secs]", "evaluation.retention_utterances=0")
TABLES = ("scores.csv", "losses.csv", "transcripts.csv", "references.csv")


def send(number: signal.Signals = signal.SIGTERM) -> None:
    os.kill(os.getpid(), number)


@pytest.fixture(autouse=True)
def _handlers_are_as_before() -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    assert {number: signal.getsignal(number) for number in numbers} == before


@pytest.fixture
def awaited() -> Iterator[list[int]]:
    """The signals that reach whoever awaits SIGUSR2 and SIGTERM, as a scheduler's library does."""
    heard: list[int] = []
    numbers = (signal.SIGTERM, signal.SIGUSR2)
    before = {number: signal.signal(number, lambda n, _: heard.append(n)) for number in numbers}
    yield heard
    for number, handler in before.items():
        signal.signal(number, handler)


def test_nothing_happens_before_the_check_when_told_to_end() -> None:
    done = []

    def work() -> None:
        with EndSignal() as end:
            end.check()
            send()
            done.append("a step")
            end.check()

    with pytest.raises(ToldToEndError, match="SIGTERM"):
        work()
    assert done == ["a step"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR2])
def test_work_goes_on_when_whoever_awaited_the_signal_ignores_it(number: signal.Signals, awaited: list[int]) -> None:
    with EndSignal() as end:
        send(number)
        assert awaited == []
        end.check()
        assert awaited == [number]
        end.check()
    assert awaited == [number]


def test_second_signal_acts_at_once(awaited: list[int]) -> None:
    with EndSignal():
        send()
        send()
        assert awaited == [signal.SIGTERM]
    assert awaited == [signal.SIGTERM, signal.SIGTERM], "and the first one is not swallowed"


def test_signal_is_not_swallowed_when_the_block_ends_before_a_check(awaited: list[int]) -> None:
    with EndSignal():
        send(signal.SIGUSR2)
    assert awaited == [signal.SIGUSR2]


def test_signals_that_nobody_awaits_are_left_alone() -> None:
    with EndSignal():
        assert signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL


def test_nothing_is_changed_in_another_thread() -> None:
    found: list[Any] = []

    def inside() -> None:
        with EndSignal() as end:
            found.append(signal.getsignal(signal.SIGTERM))
            end.check()

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGTERM)]


def at_step(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be told to end once, while that step is trained."""
    real, sent = Trainer._train_on, []  # pyright: ignore[reportPrivateUsage]

    def train_on(self: Trainer, *given: Any) -> Any:
        report = real(self, *given)
        if self.step == step and not sent:
            sent.append(step)
            send()
        return report

    monkeypatch.setattr(Trainer, "_train_on", train_on)


def while_judging(times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be told to end once, at an evaluation after others."""
    real, asked = Evaluator._score, []  # pyright: ignore[reportPrivateUsage]

    def score(self: Evaluator, *given: Any) -> Any:
        asked.append(1)
        if len(asked) == times:
            send()
        return real(self, *given)

    monkeypatch.setattr(Evaluator, "_score", score)


@pytest.fixture
def whole(make_cell: MakeCell) -> Path:
    return run_cell(make_cell(*SETTINGS, "name=whole")).path


@pytest.mark.parametrize(
    ("told", "when", "saved"),
    [(at_step, 1, 1), (at_step, 3, None), (while_judging, 2, 2), (while_judging, 3, 3)],
    ids=["in an epoch", "at the last step", "at an evaluation", "at the last evaluation"],
)
def test_result_is_bit_identical_when_a_cell_was_told_to_end(
    whole: Path,
    told: Callable[[int, pytest.MonkeyPatch], None],
    when: int,
    saved: int | None,
    make_cell: MakeCell,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cell = make_cell(*SETTINGS, "name=told")
    told(when, monkeypatch)
    with pytest.raises(ToldToEndError):
        run_cell(cell)
    assert CellFolder(cell.directory).record["status"] == "running", "it is no failure"
    monkeypatch.undo()
    capsys.readouterr()
    resumed = run_cell(cell)
    said = capsys.readouterr().out
    assert saved is None or f"resumed at step {saved}\n" in said
    for table in TABLES:
        assert (resumed.path / table).read_bytes() == (whole / table).read_bytes(), table
    one, two = (load_tensors(folder / "generator.safetensors") for folder in (whole, resumed.path))
    assert all(torch.equal(one[name], two[name]) for name in one | two)


def test_sweep_ends_when_one_of_its_cells_was_told_to(tmp_path: Path, make_cell: MakeCell) -> None:
    def told(cell: Cell) -> None:
        raise ToldToEndError("told to end")

    with pytest.raises(ToldToEndError):
        run_or_note_failure(make_cell, told, tmp_path, 0)
