from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import pytest
import torch
from command_lines import PATIENCE_S

from runners.experiment.cells_at_once import VISIBLE, cells_at_once, cuda_devices, device_share, side_by_side
from vits.common.errors import InputError


@pytest.fixture
def four_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that counts four CUDA devices; none of them is computed on."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.delenv(VISIBLE, raising=False)


def test_auto_is_a_cell_for_each_core_where_there_is_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert cells_at_once("auto", "auto", 1) == joblib.cpu_count()
    assert cells_at_once(3, "auto", 1) == 3


@pytest.mark.usefixtures("four_devices")
def test_auto_is_so_many_cells_for_each_device() -> None:
    assert cells_at_once("auto", "auto", 1) == 4
    assert cells_at_once("auto", "cuda", 2) == 8
    assert cells_at_once("auto", "cpu", 2) == joblib.cpu_count()
    assert cells_at_once("auto", "mps", 2) == 2, "a Mac has one"


@pytest.mark.usefixtures("four_devices")
def test_auto_counts_the_devices_of_a_cell_when_it_has_several() -> None:
    assert cells_at_once("auto", "auto", 1, devices=2) == 2
    assert cells_at_once("auto", "cuda", 2, devices=3) == 2, "three of four devices are used, by two cells"
    assert cells_at_once("auto", "cpu", 1, devices=joblib.cpu_count()) == 1
    assert side_by_side(cuda_devices(), 2) == ["0,1", "2,3"]
    assert side_by_side(cuda_devices(), 3) == ["0,1,2"]


@pytest.mark.usefixtures("four_devices")
def test_devices_are_those_that_are_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cuda_devices() == ("0", "1", "2", "3")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv(VISIBLE, "5, GPU-7a")
    assert cuda_devices() == ("5", "GPU-7a")


@pytest.mark.parametrize("jobs", ["many", 0, -1, 1.5, True, None])
def test_other_numbers_of_jobs_are_refused(jobs: object) -> None:
    with pytest.raises(InputError, match=r"jobs=.* is not allowed; it must be auto or a whole number from 1"):
        cells_at_once(jobs, "cpu", 1)


@pytest.mark.usefixtures("four_devices")
@pytest.mark.parametrize(("jobs", "device"), [("auto", "cuda"), ("auto", "cpu"), (2, "cuda"), (2, "cpu")])
def test_no_cell_on_a_device_is_refused(jobs: object, device: str) -> None:
    with pytest.raises(InputError, match=r"jobs_per_device=0 is not allowed; it must be a whole number from 1"):
        cells_at_once(jobs, device, 0)


def test_workers_share_the_devices_evenly_and_free_them(tmp_path: Path) -> None:
    shares = [device_share(("a", "b"), sweep=7, folder=tmp_path) for _ in range(4)]
    assert [share.device for share in shares if share] == ["a", "b", "a", "b"]
    others = device_share(("a", "b"), sweep=8, folder=tmp_path)
    assert others is not None
    assert others.device == "a", "another sweep counts for itself"
    assert shares[1] is not None
    shares[1].lock.release()
    again = device_share(("a", "b"), sweep=7, folder=tmp_path)
    assert again is not None
    assert again.device == "b"
    assert device_share((), sweep=7, folder=tmp_path) is None


def test_a_worker_ends_when_its_sweep_is_killed() -> None:
    worker = "import os, time; from runners.experiment.cells_at_once import end_with; end_with(os.getppid());"
    worker += "print(os.getpid(), flush=True); time.sleep(600)"
    sweep = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {worker!r}])"
    with subprocess.Popen([sys.executable, "-c", sweep], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        os.kill(pid, 0)
        process.send_signal(signal.SIGKILL)
        assert _ends(pid)


def _ends(pid: int) -> bool:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.1)
    return False
