from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from command_lines import PATIENCE_S

from runners.results.cell_folder import CellFolder
from runners.results.cell_identity import Identity
from runners.results.lease import Lease, LostLeaseError
from runners.results.running_process import RunningProcess
from vits.common.errors import InputError

IDENTITY = Identity({"seed": 0})
HERE = RunningProcess.this()
ELSEWHERE = replace(HERE, host="elsewhere")


def left_by(lease: Lease, process: Any, touched_before_s: float = 0.0) -> None:
    """A lease as another process holds it, or held it when it ended."""
    lease.path.parent.mkdir(parents=True, exist_ok=True)
    content = process.as_json() if isinstance(process, RunningProcess) else process
    lease.path.write_text(json.dumps({**content, "lease": "x"}) if content is not None else "")
    touched = time.time() - touched_before_s
    os.utime(lease.path, (touched, touched))


def test_second_process_is_told_who_holds_it_when_taken(tmp_path: Path) -> None:
    first, second = Lease(tmp_path / "cell"), Lease(tmp_path / "cell")
    assert first.take() is None
    with first:
        assert second.take() == f"process {os.getpid()} on {HERE.host}"
        first.check()
    assert second.take() is None
    with second:
        second.check()


def test_no_folder_is_left_when_given_back(tmp_path: Path) -> None:
    lease = Lease(tmp_path / "results" / "mine" / "cell")
    assert lease.take() is None
    with lease:
        assert (tmp_path / "results" / "mine").is_dir()
    assert not list(tmp_path.iterdir())


def test_other_files_are_left_when_given_back(tmp_path: Path) -> None:
    lease = Lease(tmp_path / "mine" / "cell")
    lease.take()
    with lease:
        (tmp_path / "mine" / "comparison.csv").touch()
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["comparison.csv"]


@pytest.mark.parametrize(
    "ended",
    [
        pytest.param(replace(HERE, pid=2**22 + 1), id="no process"),
        pytest.param(replace(HERE, pid=2**70), id="no number of a process"),
        pytest.param(replace(HERE, started="1"), id="later process of the same number"),
        pytest.param(replace(HERE, boot="another"), id="started anew"),
    ],
)
def test_lease_is_free_at_once_when_its_holder_has_ended_here(tmp_path: Path, ended: RunningProcess) -> None:
    lease = Lease(tmp_path / "cell")
    left_by(lease, ended)
    assert lease.take() is None
    with lease:
        lease.check()


@pytest.mark.parametrize(
    "unknown",
    [
        pytest.param(ELSEWHERE, id="another host"),
        pytest.param(replace(HERE, machine="another", boot="another"), id="another machine of the same name"),
        pytest.param(replace(HERE, namespace="pid:[1]", pid=2**22 + 1), id="another container"),
        pytest.param({"pid": "x"}, id="another shape"),
        pytest.param(None, id="not yet written"),
    ],
)
def test_lease_is_held_for_a_minute_when_nothing_can_be_seen_of_its_holder(tmp_path: Path, unknown: Any) -> None:
    lease = Lease(tmp_path / "cell")
    left_by(lease, unknown, touched_before_s=50)
    assert lease.take() in (
        "another process",
        f"process {HERE.pid} on elsewhere",
        str(replace(HERE, pid=2**22 + 1)),
        str(HERE),
    )
    left_by(lease, unknown, touched_before_s=61)
    assert lease.take() is None
    with lease:
        lease.check()
        assert not [path for path in lease.path.parent.iterdir() if path != lease.path]


def test_holder_elsewhere_is_waited_for_until_it_is_known_to_be_lost(tmp_path: Path) -> None:
    lease = Lease(tmp_path / "cell", stale_s=0.3)
    left_by(lease, ELSEWHERE)
    left_s = lease.path.stat().st_mtime
    lease.wait_for_sign_of_life(again_s=0.001)
    assert lease.take() is None
    assert lease.path.stat().st_mtime - left_s >= 0.3
    with lease:
        lease.check()


def test_holder_elsewhere_is_left_alone_as_soon_as_it_gives_a_sign_of_life(tmp_path: Path) -> None:
    lease = Lease(tmp_path / "cell", stale_s=float(PATIENCE_S))
    left_by(lease, ELSEWHERE, touched_before_s=1)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(lease.wait_for_sign_of_life, again_s=0.01)
        time.sleep(0.1)
        assert not waiting.done()
        os.utime(lease.path)
        waiting.result(PATIENCE_S)
    assert lease.holder() == f"process {HERE.pid} on elsewhere"


def test_lease_is_touched_while_it_is_held(tmp_path: Path) -> None:
    lease = Lease(tmp_path / "cell", beat_s=0.01)
    lease.take()
    with lease:
        os.utime(lease.path, (0, 0))
        deadline = time.monotonic() + PATIENCE_S
        while lease.path.stat().st_mtime < 1e9:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_nothing_is_written_when_another_process_has_taken_over(tmp_path: Path) -> None:
    lease = Lease(tmp_path / "cell")
    lease.take()
    folder = CellFolder(tmp_path / "cell", lease)
    folder.begin(IDENTITY, "seed: 0\n")
    before = (tmp_path / "cell" / "cell.json").read_bytes()

    def work(write: Callable[[], None]) -> None:
        with lease, folder:
            left_by(lease, ELSEWHERE)
            write()

    import pandas as pd

    table = pd.DataFrame({"step": [0]})
    for write in (
        lambda: folder.write_table("scores", table),
        lambda: folder.update(x=1),
        lambda: folder.finish([], {}),
    ):
        with pytest.raises(LostLeaseError, match=r"was taken over by another process.*it goes on there"):
            work(write)
    assert (tmp_path / "cell" / "cell.json").read_bytes() == before
    assert not (tmp_path / "cell" / "scores.csv").exists()
    assert lease.path.exists(), "it is the other's"


def test_lease_is_refused_when_its_place_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "results").touch()
    with pytest.raises(InputError, match=r"can't write to .*; choose another results="):
        Lease(tmp_path / "results" / "cell").take()


def test_file_of_the_next_holder_stays_in_its_place_when_others_put_the_last_one_away_too_late(tmp_path: Path) -> None:
    first, late = Lease(tmp_path / "cell"), Lease(tmp_path / "cell")
    left_by(first, replace(HERE, pid=2**22 + 1))
    ended = first.path.read_bytes()
    assert first.take() is None
    with first, meanwhile(lambda: late._put_away(ended)) as again:
        while again():
            first.check()


def test_claim_on_an_ended_holder_keeps_nobody_for_long_when_its_maker_ended_at_it(tmp_path: Path) -> None:
    lease = Lease(tmp_path / "cell")
    left_by(lease, replace(HERE, pid=2**22 + 1))
    claim = lease.path.with_name(f".{hashlib.sha256(lease.path.read_bytes()).hexdigest()[:32]}")
    claim.touch()
    assert lease.take() == "another process"
    os.utime(claim, (0, 0))
    assert lease.take() is None
    with lease:
        assert not claim.exists()


def test_lease_is_taken_when_its_folder_was_removed_and_made_again_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, make = Lease(tmp_path / "cell"), Path.mkdir

    def made_by_another(path: Path, *given: Any, **named: Any) -> None:
        monkeypatch.undo()
        make(path, *given, **named)
        raise FileExistsError(17, "File exists")  # it was there, was none when looked at, and is there again

    monkeypatch.setattr(Path, "mkdir", made_by_another)
    assert lease.take() is None
    with lease:
        lease.check()


@contextmanager
def meanwhile(act: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Do something 1000 times in a second thread; gives whether that is still under way."""

    def repeat() -> None:
        for _ in range(1000):
            act()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(repeat)
        yield lambda: not done.done()
    done.result()


def test_one_of_two_processes_holds_it_at_a_time_when_they_race(tmp_path: Path) -> None:
    code = """if True:
        import sys, time
        from pathlib import Path
        from runners.results.lease import Lease
        folder = Path(sys.argv[1])
        taken = 0
        deadline = time.monotonic() + 300
        while taken < 60 and time.monotonic() < deadline:
            lease = Lease(folder / "cell")
            if lease.take() is None:
                with lease:
                    with (folder / "inside").open("x"):
                        taken += 1
                    (folder / "inside").unlink()
        print(taken)
    """
    command = [sys.executable, "-c", code, str(tmp_path)]
    left_by(Lease(tmp_path / "cell"), replace(HERE, pid=2**22 + 1))  # which both find at first
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [process.communicate(timeout=PATIENCE_S) for process in processes]
    assert [output for output, _ in ended] == ["60\n", "60\n"], ended
