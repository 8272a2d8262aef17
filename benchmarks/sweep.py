"""What sharing a sweep costs, and whether it holds: `python benchmarks/sweep.py cells=1000 workers=16 crashes=100`.

Every worker is given the whole sweep, as machines are that share a file system, and goes through its cells in the same
order: it takes a free one by its lease, and passes those that are finished or held. The cells are stand-ins: the
leases, folders, records and checksums are real, and what is written is of a cell's kind, but nothing is trained.
Workers are killed (SIGKILL) at random places, and each that was killed is begun anew. When all have come to the end,
every cell must have been finished once, and is checked.

Overhead is the CPU time of all processes without what finished stand-ins took to make and write their content: leases,
records, checksums, passing what others have, and what is lost in crashes. Not in it, as nothing here is composed or
trained: Hydra, and finding a cell's identity. File system operations are those that Python tells of (no stat).
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from side_by_side import cpu_s  # noqa: E402

from runners.results.cell_folder import CellFolder, audio_file  # noqa: E402
from runners.results.cell_identity import Identity  # noqa: E402
from runners.results.experiment_status import experiment_status, status_lines  # noqa: E402
from runners.results.lease import Lease  # noqa: E402
from vits.common.atomic_files import write_atomically  # noqa: E402

SENTENCES, METRICS, STEPS = 60, ("wer", "cer", "secs", "secs_ge2e"), (0, 25, 50, 100, 200)
SPOKEN, AUDIO_BYTES, MODEL_BYTES = 6, 20_000, 200_000
FORMAT = 4
OPERATIONS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.scandir", "os.utime")
PLACES = 9  # of each cell at which a worker may be killed
ENDED = "ended.txt"  # a line for each time that a cell was finished, and what it took


@dataclass(frozen=True)
class Arguments:
    """How many of each, and the seed of what is random."""

    cells: int = 1000
    workers: int = 16
    crashes: int = 100
    seed: int = 0

    @classmethod
    def read(cls, words: Sequence[str]) -> Arguments:
        """From words like `cells=100`."""
        given = dict(word.split("=", 1) for word in words)
        unknown = given.keys() - {field.name for field in fields(cls)}
        if unknown:
            sys.exit(f"error: {', '.join(sorted(unknown))} is no argument; give cells, workers, crashes or seed")
        return cls(**{name: int(value) for name, value in given.items()})


class Worker:
    """One process of the sweep; it is killed at the `killed_at`-th of the places that it comes to, if it does."""

    def __init__(self, experiment: Path, cells: Sequence[str], killed_at: int | None = None) -> None:
        self.experiment = experiment
        self.cells = cells
        self.killed_at = killed_at
        self.places = 0
        self.work_s = 0.0
        self.is_at_work = False

    def run(self) -> None:
        """Go through all cells."""
        for number, name in enumerate(self.cells):
            self._run_cell(name, Identity({"steps": STEPS[-1], "cell": number, "format": FORMAT}))

    def _run_cell(self, name: str, identity: Identity) -> None:
        """A cell as `runners.experiment.run_cell` runs it, with content that is made up."""
        lease = Lease(self.experiment / name)
        if lease.holder() is not None:
            return
        folder = CellFolder(lease.folder)
        folder.accept(identity)
        if folder.finished or lease.take() is not None:
            return
        with lease:
            folder = CellFolder(lease.folder, lease)
            folder.accept(identity)
            if not folder.finished:
                self._fill(folder, identity)

    def _fill(self, folder: CellFolder, identity: Identity) -> None:
        self.work_s = 0.0
        self._may_be_killed()
        folder.begin(identity, "name: stand-in\n", name=folder.path.name, axes={}, settings={}, seed=0)
        self._may_be_killed()
        with folder:
            for step in STEPS:
                with self._work():
                    write_stage(folder, step)
                self._may_be_killed()
            with self._work():
                write_rest(folder)
            self._may_be_killed()
            folder.finish([{"metric": "wer", "mean": 0.5}], {"step": STEPS[-1]})
        with (self.experiment.parent / ENDED).open("a") as file:
            file.write(f"{folder.path.name} {self.work_s}\n")
        self._may_be_killed()

    @contextmanager
    def _work(self) -> Iterator[None]:
        """Time what the stand-in does of itself."""
        before, self.is_at_work = time.process_time(), True
        yield
        self.work_s, self.is_at_work = self.work_s + time.process_time() - before, False

    def _may_be_killed(self) -> None:
        self.places += 1
        if self.places == self.killed_at:
            os.kill(os.getpid(), signal.SIGKILL)


def write_stage(folder: CellFolder, step: int) -> None:
    """What an evaluation leaves behind, the state included."""
    rows = [
        (at, "test", "anna", str(sentence), metric, 0.5)
        for at in STEPS
        if at <= step
        for sentence in range(SENTENCES)
        for metric in METRICS
    ]
    columns = pd.Index(["step", "split", "speaker", "utterance", "metric", "value"])
    folder.write_table("scores", pd.DataFrame(rows, columns=columns))
    for place in range(SPOKEN):
        path = audio_file(folder.path, step, "test", "anna", str(place))
        write_atomically(path, os.urandom(AUDIO_BYTES))
    write_atomically(folder.state, os.urandom(MODEL_BYTES))


def write_rest(folder: CellFolder) -> None:
    """What stands beside the scores, and a model."""
    losses = pd.DataFrame({"step": np.arange(STEPS[-1]), "loss": "mel", "value": 1.0})
    texts = pd.DataFrame({"split": "test", "speaker": "anna", "utterance": range(SENTENCES), "text": "Hello."})
    for name, table in {"losses": losses, "texts": texts, "split": texts, "lint": texts}.items():
        folder.write_table(name, table)
    write_atomically(folder.path / "generator.safetensors", os.urandom(MODEL_BYTES))


def main() -> None:
    arguments = Arguments.read(sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        experiment = Path(folder) / "stand_ins"
        cells = [f"strategy=mean,freeze=none,seed={number}" for number in range(arguments.cells)]
        before, began = cpu_s(), time.monotonic()
        killed = run_sweep(arguments, experiment, cells)
        spent_s, took_s = cpu_s() - before, time.monotonic() - began
        print("\n".join(status_lines(experiment_status(experiment))))
        ended = [line.rsplit(maxsplit=1) for line in (experiment.parent / ENDED).read_text().splitlines()]
        wrong = wrong_in(experiment, cells, Counter(name for name, _ in ended))
        work_s = sum(float(seconds) for _, seconds in ended)
        print(f"{killed} workers were killed; {took_s:.0f} s; {spent_s:.1f} CPU s, the stand-ins' own {work_s:.1f}")
        print(f"overhead: {(spent_s - work_s) / len(cells):.4f} CPU s a cell")
        print(f"file system operations of one cell beside its content: {operations(Path(folder) / 'one')}")
    if wrong:
        sys.exit("error: " + "; ".join(wrong))


def run_sweep(arguments: Arguments, experiment: Path, cells: Sequence[str]) -> int:
    """Run all workers, and another for each that is killed; returns how many were killed."""
    rng = random.Random(arguments.seed)
    most_places = max(1, PLACES * len(cells) // (arguments.workers + arguments.crashes))
    doomed = [rng.randint(1, most_places) for _ in range(arguments.crashes)]
    running = {begin(Worker(experiment, cells, doomed.pop() if doomed else None)) for _ in range(arguments.workers)}
    killed = 0
    while running:
        wait([process.sentinel for process in running])
        for process in [process for process in running if process.exitcode is not None]:
            running.remove(process)
            if process.exitcode == -signal.SIGKILL:
                killed += 1
                running.add(begin(Worker(experiment, cells, doomed.pop() if doomed else None)))
            elif process.exitcode:
                sys.exit("error: a worker failed; see its traceback above")
    return killed


def begin(worker: Worker) -> BaseProcess:
    """Run a worker in a process of its own."""
    process = get_context("fork").Process(target=worker.run)
    process.start()
    return process


def wrong_in(experiment: Path, cells: Sequence[str], ended: Counter[str]) -> list[str]:
    """What isn't as it must be at the end."""
    wrong = [f"{name} was finished {ended[name]} times" for name in cells if ended[name] != 1]
    for name in cells:
        folder = CellFolder(experiment / name)
        folder.check_files()
        if not folder.finished:
            wrong.append(f"{name} is not finished")
        if Lease(folder.path).holder() is not None:
            wrong.append(f"{name} is still held")
    return wrong


def operations(experiment: Path) -> dict[str, int]:
    """How often one worker opens, makes, renames and removes files for one cell, its content aside."""
    worker, counts = Worker(experiment, ["cell"]), Counter[str]()

    def count(event: str, arguments: tuple[object, ...]) -> None:
        if event in OPERATIONS and str(arguments[0]).startswith(str(experiment)) and not worker.is_at_work:
            counts[event.removeprefix("os.")] += 1

    sys.addaudithook(count)
    worker.run()
    return dict(counts)


if __name__ == "__main__":
    main()
