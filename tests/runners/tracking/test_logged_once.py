"""A run that is gone on with after its process ended or was killed, logged by the client of wandb and then uploaded."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import wandb
import wandb_log
from wandb_stand_in import WandbStandIn, logged_in

from runners.tracking.logged_rows import FILE, LoggedRows, Row
from runners.tracking.offline_runs import mark_of, offline_runs, to_upload, upload_command
from runners.tracking.tracker import Tracker, TrackingSettings

RUN = "0123456789abcdef"
SCORES = pd.DataFrame([{"split": "test", "metric": "wer", "mean": 0.5, "spread": 0.25}])
CELL = 'strategy=mean,freeze=it\'s "none",seed=0'
LOSS, SCORE, AUDIO = "losses/mel", "scores/test/wer", "audio/anna"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbStandIn]:
    with logged_in(tmp_path / "wandb files", monkeypatch) as state:
        yield state


@pytest.fixture
def cell(tmp_path: Path) -> Path:
    """A cell's folder with names that a shell would take apart."""
    folder = tmp_path / "my runs" / CELL
    (folder / "audio").mkdir(parents=True)
    soundfile.write(folder / "audio" / "anna.flac", np.zeros(160), 16_000)
    return folder


def log(cell: Path, steps: Sequence[int], mode: str, run_id: str = RUN, until: int | None = None) -> None:
    """Log what a process does at some steps, of which those that 4 divides are looked at."""
    settings = TrackingSettings(mode=mode)
    tracker = Tracker(
        settings, directory=cell, run_id=run_id, name=cell.name, group="", job_type=None, config={}, until=until
    )
    with tracker:
        for step in steps:
            tracker.log_losses(step, {"mel": 1 / step})
            if step % 4 == 0:
                tracker.log_scores(step, SCORES)
                tracker.log_media(step, [cell / "audio" / "anna.flac"], [])
        if __name__ == "__main__":  # and so in a process that is killed here
            os.kill(os.getpid(), signal.SIGKILL)
    wandb.teardown()  # as at a process's end: until then a log's last block may be unwritten


def log_and_be_killed(cell: Path, steps: Sequence[int], mode: str, run_id: str = RUN) -> None:
    command = [sys.executable, __file__, str(cell), mode, run_id, *map(str, steps)]
    where = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run(command, check=False, env=where).returncode == -signal.SIGKILL


def upload(experiment: Path) -> str:
    """Type what is to be typed."""
    there = {**os.environ, "WANDB_SILENT": "false", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-c", upload_command(experiment)], env=there, capture_output=True, text=True, check=True
    )
    return done.stdout + done.stderr


def given(history: Sequence[dict[str, Any]]) -> Counter[tuple[int, str]]:
    """How often each value of each step is in a history."""
    return Counter((row["step"], name) for row in history for name in (LOSS, SCORE, AUDIO) if name in row)


def once(last: int) -> Counter[tuple[int, str]]:
    """Each value of the steps up to one, once."""
    looked = [(step, name) for step in range(4, last + 1, 4) for name in (SCORE, AUDIO)]
    return Counter([*((step, LOSS) for step in range(1, last + 1)), *looked])


def test_each_value_is_there_once_when_an_offline_run_was_killed_and_gone_on_with(
    cell: Path, server: WandbStandIn
) -> None:
    log_and_be_killed(cell, range(1, 6), "offline")
    log_and_be_killed(cell, range(4, 8), "offline")
    log(cell, range(5, 9), "offline")
    (run,) = offline_runs(cell)
    assert given(wandb_log.history(run / f"run-{RUN}.wandb")) == once(8)
    assert server.runs == {}
    upload(cell.parent)
    assert list(server.runs) == [RUN]
    assert given(server.runs[RUN].history) == once(8)
    rows = [row["_step"] for row in server.runs[RUN].history]
    assert rows == sorted(set(rows))
    assert any(name.startswith("media/audio/") for name in server.runs[RUN].files)


def test_each_value_is_uploaded_once_when_a_run_was_uploaded_before_it_was_gone_on_with(
    cell: Path, server: WandbStandIn
) -> None:
    log(cell, range(1, 6), "offline")
    upload(cell.parent)
    log(cell, range(4, 9), "offline")
    assert len(offline_runs(cell)) == 2
    upload(cell.parent)
    assert given(server.runs[RUN].history) == once(8)


@pytest.mark.parametrize("end", [log, log_and_be_killed])
def test_each_value_is_there_once_when_an_online_run_was_gone_on_with(
    cell: Path, server: WandbStandIn, end: Any
) -> None:
    end(cell, range(1, 6), "online")
    log(cell, range(4, 9), "online")
    assert list(server.runs) == [RUN]
    assert given(server.runs[RUN].history) == once(8)
    assert server.unknown == []


def test_each_value_is_there_once_when_a_run_was_offline_first_and_online_then(
    cell: Path, server: WandbStandIn
) -> None:
    log(cell, range(1, 6), "offline")
    log(cell, range(4, 9), "online")
    assert given(server.runs[RUN].history) == once(8)
    assert offline_runs(cell) == []


def test_whole_runs_are_uploaded_when_others_are_killed_or_under_way(cell: Path, server: WandbStandIn) -> None:
    experiment = cell.parent
    killed, written = experiment / "killed", experiment / "under way"
    for other in (killed, written):
        shutil.copytree(cell, other)
    log(cell, range(1, 3), "offline")
    log_and_be_killed(killed, range(1, 3), "offline", "killed")
    with Tracker(
        TrackingSettings(mode="offline"),
        directory=written,
        run_id="written",
        name="",
        group="",
        job_type=None,
        config={},
    ) as tracker:
        tracker.log_losses(1, {"mel": 1.0})
        assert [path.parents[1] for path in to_upload(experiment.iterdir())] == [cell]
        said = upload(experiment)
    assert "Syncing 1 run(s)" in said
    assert list(server.runs) == [RUN]
    assert [path.parents[1] for path in to_upload(experiment.iterdir())] == [written]
    upload(experiment)
    assert list(server.runs) == [RUN, "written"]
    assert to_upload(experiment.iterdir()) == []


def test_later_steps_are_those_done_again_when_a_run_goes_on_from_an_earlier_one(
    cell: Path, server: WandbStandIn
) -> None:
    log(cell, range(1, 6), "offline")
    log(cell, (4, 5), "offline", until=3)
    (run,) = offline_runs(cell)
    assert given(wandb_log.history(run / f"run-{RUN}.wandb")) == once(5)


def test_a_torn_line_is_passed_over_when_rows_are_read(tmp_path: Path) -> None:
    path = tmp_path / FILE
    rows = LoggedRows(path)
    rows.begin("log", [])
    rows.add(Row(1, {"losses/mel": 1.0}, number=0, log="log"))
    rows.close("log")
    path.write_bytes(path.read_bytes() + b'{"step": 2, "val\n\xff\n[]\n')
    again = LoggedRows(path)
    assert [row.step for row in again.rows] == [1]
    assert again.logs == {"log": True}
    assert again.new(Row(1, {"losses/mel": 2.0, "losses/kl": 3.0})).names == {"losses/kl"}


def test_there_is_no_mark_when_a_run_has_no_log(tmp_path: Path) -> None:
    assert mark_of(tmp_path) is None


if __name__ == "__main__":
    _, folder, how, name, *places = sys.argv
    log(Path(folder), [int(place) for place in places], how, name)
