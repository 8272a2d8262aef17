"""A cell as a user runs it: real voices, real judges, a miniature model."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import soundfile
import torch
import wandb_log
import yaml
from command_lines import PATIENCE_S, command_line, environment

from runners.results.cell_folder import CellFolder
from strategies.freeze.freeze_policy import BASE_ROWS
from vits.bundle import Bundle
from vits.checkpoint import load_tensors

RUN = ("strategy=nearest", "freeze=decoder", "steps=5", "eval_every=3")
CELL = "strategy=nearest,freeze=decoder,seed=0"  # begins the name of the cell
SCORE_COLUMNS = ["step", "split", "speaker", "utterance", "metric", "value"]
WER = {"wer", "wer_substitutions", "wer_deletions", "wer_insertions", "wer_reference_words", "wer_hallucinated"}
CER = {"cer", "cer_substitutions", "cer_deletions", "cer_insertions", "cer_reference_characters"}

RunScript = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def first(here: Path, material: Any, run_script: RunScript) -> subprocess.CompletedProcess[str]:
    """The first run of a cell: two and a half epochs of two steps, scored before, within an epoch and after."""
    return run_script("grid.py", *material.overrides, *RUN, "name=one", cwd=here)


@pytest.fixture(scope="module")
def cell(first: subprocess.CompletedProcess[str], here: Path) -> Path:
    assert first.returncode == 0, first.stderr
    (folder,) = (here / "runs" / "one").glob(f"{CELL},*")
    return folder


def test_run_tells_what_it_does_and_found_when_it_ends(first: subprocess.CompletedProcess[str], cell: Path) -> None:
    lines = first.stdout.splitlines()
    assert lines[0].endswith("is metadata.csv (path|speaker|text|split; separated by |): 12 recordings of 2 voices")
    assert lines[1] == f"{cell.name}: 2 new voices, 8 training utterances (skipped: none)"
    assert any(line.split() == ["decoder", "0", "of", *line.split()[3:]] for line in lines)
    assert [line[:9] for line in lines if line.startswith("  step ")] == ["  step 0:", "  step 3:", "  step 5:"]
    assert any(line.startswith("  leave-one-out error on the base speakers") for line in lines)
    assert any(line.startswith("one: new voices, recorded sentences") for line in lines)


def test_record_is_finished_when_the_run_ended(cell: Path) -> None:
    record = json.loads((cell / "cell.json").read_text(encoding="utf-8"))
    assert record["status"] == "finished"
    assert record["error"] is None
    assert (record["axes"]["strategy"], record["axes"]["freeze"], record["seed"]) == ("nearest", "decoder", 0)
    assert record["speaker_ids"] == {"040": 5, "041": 6}
    assert {(entry["split"], entry["metric"]) for entry in record["summary"]} == {
        *(("test", metric) for metric in {*WER, *CER, "secs", "secs_ge2e"}),
        *(("retention", metric) for metric in {*WER, *CER, "secs"}),
    }
    assert record["chosen"]["step"] == 5
    assert all(entry["step"] == 5 for entry in record["summary"])
    config = yaml.safe_load((cell / "config.yaml").read_text(encoding="utf-8"))
    assert (config["steps"], config["epochs"]) == (5, None)
    assert config["strategy"] == {
        "_target_": "strategies.initialisers.nearest.Nearest",
        "neighbours": 1,
        "temperature": None,
        "encoder": "ecapa",
        "sentences": 1,
    }


def test_scores_have_a_row_for_each_utterance_and_value_when_the_run_ended(cell: Path) -> None:
    scores = CellFolder(cell).table("scores")
    assert list(scores.columns) == SCORE_COLUMNS
    assert set(scores["metric"]) == {*WER, *CER, "secs", "secs_ge2e"}
    tested, retained = scores[scores["split"] == "test"], scores[scores["split"] == "retention"]
    assert len(tested) == 3 * 2 * (len(WER) + len(CER) + 2)
    assert len(retained) == 3 * 1 * (len(WER) + len(CER) + 1)
    assert set(scores["step"]) == {0, 3, 5}
    assert set(scores["split"]) == {"test", "retention"}
    assert set(tested["speaker"]) == {"040", "041"}
    assert not scores.duplicated(SCORE_COLUMNS[:-1]).any()
    assert scores.loc[scores["metric"] == "secs", "value"].between(-1, 1).all()


def test_references_are_near_what_recordings_reach_when_the_run_ended(cell: Path) -> None:
    references = CellFolder(cell).table("references")
    assert list(references.columns) == ["reference", *SCORE_COLUMNS]
    means = references.groupby(["reference", "metric"])["value"].mean()
    assert means["recording", "secs"] > 0.6
    assert means["recording", "wer"] < 0.2
    assert means["other_speakers", "secs"] < 0.4
    assert means["copy_synthesis", "secs"] < 0.4  # the decoder's weights are random


def test_transcripts_losses_and_splits_are_written_when_the_run_ended(cell: Path) -> None:
    folder = CellFolder(cell)
    transcripts = folder.table("transcripts")
    assert list(transcripts.columns) == ["step", "split", "speaker", "utterance", "note", "text"]
    assert (transcripts["note"] == "transcript").sum() == 3 * 3, "noted once, though WER and CER read it"
    losses = folder.table("losses")
    assert list(losses.columns) == ["step", "loss", "value"]
    assert set(losses["step"]) == {2, 3, 4, 5}, "at the end of each epoch and at each evaluation"
    assert set(losses["loss"]) >= {"mel", "kl", "duration", "subband_stft", "adversarial", "total"}
    split = pd.read_csv(cell / "split.csv", sep="|", dtype=str)
    assert list(split.columns) == ["split", "speaker", "text", "path"]
    assert split.groupby("split").size().to_dict() == {"test": 2, "train": 8}


def test_audio_and_pictures_are_written_when_evaluated(cell: Path) -> None:
    audio = sorted(str(path.relative_to(cell / "audio")) for path in cell.glob("audio/**/*.flac"))
    assert audio == [
        f"step={step:05}/{name}.flac"
        for step in (0, 3, 5)
        for name in ("retention/ada-retention+000", "test/040-test+040+000", "test/041-test+041+000")
    ]
    for path in audio:
        wave, rate = soundfile.read(cell / "audio" / path)
        assert rate == 16000
        assert len(wave) > 0.1 * rate
    assert len(list(cell.glob("pictures/step=*/*.png"))) == 3 * 2


def test_wandb_run_lies_in_the_cell_when_offline(cell: Path, first: subprocess.CompletedProcess[str]) -> None:
    (run,) = (cell / "wandb").glob("offline-run-*")
    identity = json.loads((cell / "cell.json").read_text(encoding="utf-8"))["identity"]
    assert (run / f"run-{identity}.wandb").stat().st_size > 0
    assert "1 run was logged offline; to upload: wandb sync runs/one/*/wandb/offline-run-*\n" in first.stdout


def test_only_what_may_move_has_moved_when_trained(cell: Path, small_bundle: Bundle) -> None:
    trained = load_tensors(cell / "generator.safetensors")
    base = small_bundle.synthesizer.state_dict()
    assert trained.keys() == base.keys()
    old, new = trained[BASE_ROWS][:5], trained[BASE_ROWS][5:]
    assert len(new) == 2
    assert torch.equal(old, base[BASE_ROWS])
    same = {name for name in base if name != BASE_ROWS and torch.equal(trained[name], base[name])}
    assert same == {name for name in base if name.startswith("decoder.")}
    for row in new:  # each began as one of the base rows
        distances = (row - base[BASE_ROWS]).norm(dim=1)
        assert 0 < distances.min() < 1


def test_nothing_is_left_to_resume_from_when_finished(cell: Path) -> None:
    assert not CellFolder(cell).state.exists()
    assert not [path for path in cell.iterdir() if path.name.startswith(".")]


def test_finished_cell_is_not_run_again_when_asked_twice(
    cell: Path, here: Path, material: Any, run_here: RunScript
) -> None:
    before = {path: path.stat().st_mtime_ns for path in cell.rglob("*")}
    again = run_here("grid.py", *material.overrides, *RUN, "name=one", "wandb.project=other", cwd=here)
    assert again.returncode == 0, again.stderr
    assert f"{cell.name}: finished before, not run again (runs/one/{cell.name})" in again.stdout.splitlines()
    assert {path: path.stat().st_mtime_ns for path in cell.rglob("*")} == before


def test_scores_are_bit_identical_when_killed_and_resumed(
    cell: Path, here: Path, material: Any, run_here: RunScript
) -> None:
    other = here / "runs" / "killed" / cell.name
    arguments = [*material.overrides, *RUN, "name=killed"]
    _kill_a_step_after_the_second_evaluation(command_line("grid.py", *arguments), here, CellFolder(other))
    assert json.loads((other / "cell.json").read_text(encoding="utf-8"))["status"] == "running"
    assert not (other / "generator.safetensors").exists()

    resumed = run_here("grid.py", *arguments, cwd=here)
    assert resumed.returncode == 0, resumed.stderr
    assert re.search(r"  resumed at step [35]\n", resumed.stdout), "at 5, if that was saved before it was killed"
    assert "  step 0: " not in resumed.stdout
    for table in ("scores.csv", "losses.csv", "transcripts.csv", "references.csv", "split.csv"):
        assert (other / table).read_bytes() == (cell / table).read_bytes(), table
    for folder in (cell, other):
        cost = CellFolder(folder).record["cost"]
        assert cost.keys() == {"training_s", "training_cpu_s", "evaluation_s", "real_time_factor", "voice_bytes"}
        assert all(value > 0 for value in cost.values())
    one, two = (load_tensors(folder / "generator.safetensors") for folder in (cell, other))
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    logged, again = _logged(cell), _logged(other)
    assert again == logged, "in Weights & Biases, too, as if it had not been killed"
    assert {step for step, name in logged if name == "losses/mel"} == set(range(5))
    assert {step for step, name in logged if name.startswith("audio/")} == {0, 3, 5}
    assert not list(other.glob("wandb/*.jsonl"))


def _logged(cell: Path) -> dict[tuple[int, str], Any]:
    """What the one log of a cell's run has under each name at each step, and what describes media left out."""
    identity = json.loads((cell / "cell.json").read_text(encoding="utf-8"))["identity"]
    (log,) = cell.glob(f"wandb/offline-run-*/run-{identity}.wandb")
    rows = wandb_log.history(log)
    values = [((row["step"], name), value) for row in rows for name, value in row.items() if not name.startswith("_")]
    values = [(key, value) for key, value in values if key[1] != "step"]
    assert not [key for key, times in Counter(key for key, _ in values).items() if times > 1]
    return {key: None if key[1].startswith(("audio/", "pictures/")) else value for key, value in values}


def _kill_a_step_after_the_second_evaluation(command: list[str], cwd: Path, folder: CellFolder) -> None:
    """Start a cell, and end it without a warning when the state is that of step 3, within an epoch, and step 4 done."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # so that what it started ends with it
    )
    try:
        losses = folder.path / "losses.csv"
        _wait_for(lambda: losses.exists() and "\n4,total," in losses.read_text(encoding="utf-8"), process)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert folder.state.exists()
    assert set(folder.table("scores")["step"]) == {0, 3}


def _wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert process.poll() is None, "the process ended by itself"
        assert time.monotonic() < deadline
        time.sleep(0.01)
