"""A cell on several devices: processes that are begun for it and watched by this one, which trains nothing itself."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType

from lightning_fabric import Fabric
from torch.multiprocessing.spawn import ProcessException

from runners.experiment.cell import Cell
from runners.training.devices import run_on_devices
from runners.training.end_signal import EndSignal
from vits.common.errors import BrokenOffError, InputError

OnDevice = Callable[[Fabric, Cell], object]
TOLD = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
TOLD_IN_A_LINE = (InputError, BrokenOffError)
LEADER, ERROR = "leader", "error"  # files: the first device's process, and what a device couldn't go on from


def share_among_devices(cell: Cell, run: OnDevice) -> None:
    """Call a function of a module with the cell on each of its devices, and wait for all of them.

    A signal to end is passed on to the first device, which saves.

    Raises:
        InputError, BrokenOffError: what one of the devices raised; or it was ended from outside.
    """
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with _PassedOn(folder / LEADER) as told:
            try:
                on_device = partial(_on_device, cell=cell, run=run, folder=folder)
                run_on_devices(cell.device, cell.precision, cell.devices, on_device)
            except ProcessException as error:
                told.check()
                raise _error_of_a_device(folder, error) from error


def _on_device(fabric: Fabric, cell: Cell, run: OnDevice, folder: Path) -> None:
    """One device's process. What is to be told in one line is left for the process that waits."""
    for number in TOLD:
        signal.signal(number, signal.SIG_DFL if fabric.is_global_zero and number == signal.SIGTERM else signal.SIG_IGN)
    if fabric.is_global_zero:
        (folder / LEADER).write_text(str(os.getpid()), encoding="ascii")
    try:
        run(fabric, cell)
    except TOLD_IN_A_LINE as error:
        path = folder / f"{ERROR}{fabric.global_rank}"
        path.write_text(json.dumps([type(error).__name__, str(error)]), encoding="utf-8")
        raise


def _error_of_a_device(folder: Path, error: ProcessException) -> Exception:
    """What is to be told in one line, of the device that couldn't go on first; else all that is known."""
    left = sorted(folder.glob(f"{ERROR}*"), key=lambda path: path.stat().st_mtime_ns)
    if left:
        name, text = json.loads(left[0].read_text(encoding="utf-8"))
        kinds = [kind for told in TOLD_IN_A_LINE for kind in (told, *told.__subclasses__())]
        return next(kind for kind in kinds if kind.__name__ == name)(text)
    return error if isinstance(error, RuntimeError) else RuntimeError(str(error))


class _PassedOn(EndSignal):
    """A signal to end, which is the first device's: it saves, and then this process does what it was told."""

    def __init__(self, leader: Path) -> None:
        super().__init__()
        self._leader = leader

    def _receive(self, number: int, frame: FrameType | None) -> None:
        super()._receive(number, frame)
        with suppress(OSError, ValueError):  # it isn't there yet, or not any more
            os.kill(int(self._leader.read_text(encoding="ascii")), signal.SIGTERM)
