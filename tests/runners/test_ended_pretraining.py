"""Pretraining that is told to end: it saves its state, and says how to go on."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
from command_lines import PATIENCE_S, command_line, environment

from vits.checkpoint import load_tensors


def test_state_is_saved_and_status_is_zero_when_told_to_end(here: Path, pretraining_arguments: list[str]) -> None:
    folder = here / "pretraining" / "ended"
    command = command_line("pretrain.py", *pretraining_arguments, "name=ended", "steps=1000000")
    process = subprocess.Popen(
        command, cwd=here, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not (folder / "state" / "losses.csv").exists():
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    assert process.returncode == 0
    step = int(load_tensors(folder / "state" / "training.safetensors")["progress/step"])
    assert f"stopped at step {step} and saved; the same command goes on from there\n" in said
    assert step == pd.read_csv(folder / "state" / "losses.csv")["step"].max() > 0
    assert not (folder / "bundle").exists()
