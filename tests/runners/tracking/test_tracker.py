"""A cell's run in Weights & Biases, logged by their client against a stand-in for their servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
from wandb_stand_in import WandbStandIn, logged_in, logged_out

from runners.tracking.tracker import Tracker, TrackingSettings, audio_key, loss_key, result_key, score_key
from vits.common.errors import InputError

RUN = "0123456789abcdef"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbStandIn]:
    with logged_in(tmp_path, monkeypatch) as state:
        yield state


def tracker(folder: Path, mode: str = "auto") -> Tracker:
    return Tracker(
        TrackingSettings(mode=mode, tags=["mine"]),
        directory=folder,
        run_id=RUN,
        name="strategy=mean,freeze=decoder,seed=0",
        group="mean",
        job_type="decoder",
        config={"seed": 0},
    )


def test_run_is_logged_online_when_there_is_a_login(tmp_path: Path, server: WandbStandIn) -> None:
    sound = tmp_path / "anna-test-0.wav"
    soundfile.write(sound, np.zeros(1600), 16_000)
    with tracker(tmp_path) as run:
        run.log_losses(1, {"mel": 2.0})
        run.log_scores(0, pd.DataFrame([{"split": "test", "metric": "wer", "mean": 0.5, "spread": 0.25}]))
        run.log_media(0, [sound], [])
        run.summarise({result_key("test", "wer"): 0.125})
    assert (run.mode, server.unknown) == ("online", [])
    logged = server.runs[RUN]
    about = {key: logged.about[key] for key in ("groupName", "jobType", "displayName", "tags", "project")}
    assert about == {
        "groupName": "mean",
        "jobType": "decoder",
        "displayName": "strategy=mean,freeze=decoder,seed=0",
        "tags": ["mine"],
        "project": "voicegrid",
    }
    losses, scores, media = logged.history
    assert (losses["step"], losses[loss_key("mel")]) == (1, 2.0)
    assert (scores["step"], scores[score_key("test", "wer")], scores["scores/test/wer_spread"]) == (0, 0.5, 0.25)
    assert media[audio_key(sound)]["_type"] == "audio-file"
    assert logged.summary["test/wer"] == 0.125
    assert media[audio_key(sound)]["path"] in logged.files


def test_run_is_logged_offline_when_there_is_no_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with logged_out(tmp_path, monkeypatch):
        with tracker(tmp_path) as run:
            run.log_losses(1, {"mel": 2.0})
        assert len(list(tmp_path.glob(f"wandb/offline-run-*/run-{RUN}.wandb"))) == 1
        assert run.mode == "offline"


def test_nothing_is_logged_when_it_is_disabled(tmp_path: Path) -> None:
    with tracker(tmp_path, "disabled") as run:
        run.log_losses(1, {"mel": 2.0})
    run.forget()
    assert list(tmp_path.iterdir()) == []


def test_run_goes_on_when_what_was_logged_before_is_forgotten(tmp_path: Path, server: WandbStandIn) -> None:
    for step in (1, 2):
        with tracker(tmp_path) as run:
            run.log_losses(step, {"mel": 2.0})
        run.forget()
    assert [line["step"] for line in server.runs[RUN].history] == [1, 2]


@pytest.mark.parametrize("wrong", ["", [""], 3, ["strategy", None]])
def test_settings_are_refused_when_runs_are_grouped_by_no_name(wrong: Any) -> None:
    with pytest.raises(InputError, match=r"wandb\.group_by=.* must be a name, or a list of names"):
        TrackingSettings(group_by=wrong)


def test_run_is_logged_offline_when_the_server_refuses_the_key(
    tmp_path: Path, server: WandbStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    server.login = False
    with tracker(tmp_path) as run:
        run.log_losses(1, {"mel": 2.0})
    assert run.mode == "offline"
    assert "warning: the login to Weights & Biases is of no use" in capsys.readouterr().out
    assert list(tmp_path.glob(f"wandb/offline-run-*/run-{RUN}.wandb"))
