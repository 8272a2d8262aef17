"""How many cells of a sweep run at once, and what each of them may have of the machine.

On a CPU a cell has one core: its steps are too small to divide, and two threads of a step collapse where another
process has the cores. On CUDA a cell has a device, or a part of one. With `devices=2` it has two of them.
"""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout
from joblib import cpu_count

from vits.common.errors import InputError

AUTO = "auto"
VISIBLE = "CUDA_VISIBLE_DEVICES"
WITHOUT_CUDA = {"cpu": 0, "mps": 1}  # devices beside CUDA's, and how many cells have one at once; 0: as there are cores
LOOKED_AFTER_S = 1.0  # so often a worker looks whether its sweep still lives


def cells_at_once(jobs: object, device: str, jobs_per_device: int, devices: int = 1) -> int:
    """What `jobs` asks for; `auto` is one cell a core, or on CUDA `jobs_per_device` a device.

    A cell that has several `devices` takes as many cores, or CUDA devices.

    Raises:
        InputError: it is neither `auto` nor a whole number from 1, or `jobs_per_device` or `devices` is none.
    """
    each, of_a_cell = _at_least_1(jobs_per_device, "jobs_per_device"), _at_least_1(devices, "devices")
    if jobs == AUTO:
        there = WITHOUT_CUDA[device] if device in WITHOUT_CUDA else len(cuda_devices())
        return there // of_a_cell * each or max(1, cpu_count() // of_a_cell)
    return _at_least_1(jobs, "jobs")


def _at_least_1(number: object, name: str) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        also = f"{AUTO} or " if name == "jobs" else ""
        raise InputError(f"{name}={number} is not allowed; it must be {also}a whole number from 1")
    return number


def cuda_devices() -> tuple[str, ...]:
    """The CUDA devices that this process may use, as `CUDA_VISIBLE_DEVICES` calls them."""
    import torch

    visible = torch.cuda.device_count()
    named = [name.strip() for name in os.environ.get(VISIBLE, "").split(",") if name.strip()]
    return tuple(named[:visible]) if named else tuple(map(str, range(visible)))


@cache
def join_sweep(sweep: int, devices: int = 1) -> DeviceShare | None:
    """What a worker does once, before its first cell: end when its sweep ends, and take its share of a device.

    `sweep` is the process that began this one; each of its cells has so many `devices`.
    """
    end_with(sweep)
    share = device_share(side_by_side(cuda_devices(), devices), sweep)
    if share is not None:
        os.environ[VISIBLE] = share.device
    return share


def side_by_side(devices: Sequence[str], number: int) -> list[str]:
    """Groups of so many devices, as `CUDA_VISIBLE_DEVICES` names them; too few for a group are left out."""
    whole = len(devices) // number * number
    return [",".join(devices[start : start + number]) for start in range(0, whole, number)]


@dataclass(frozen=True)
class DeviceShare:
    """A device for one worker, or several; the lock is freed by the system when the worker ends, however it ends."""

    device: str
    lock: FileLock


def device_share(devices: Sequence[str], sweep: int, folder: Path | None = None) -> DeviceShare | None:
    """The device that the fewest workers of a sweep have so far, for as long as the lock is held; None without one."""
    folder = folder or Path(tempfile.gettempdir())
    for place in count() if devices else ():
        lock = FileLock(folder / f"voicegrid-{os.getuid()}-{sweep}-{place}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        return DeviceShare(devices[place % len(devices)], lock)
    return None


def end_with(sweep: int) -> None:
    """End this process as soon as the one that began it is gone."""

    def watch() -> None:
        while os.getppid() == sweep:
            time.sleep(LOOKED_AFTER_S)
        os.kill(os.getpid(), signal.SIGTERM)
        while signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:  # a training saves itself first
            time.sleep(LOOKED_AFTER_S)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="end with the sweep", daemon=True).start()
