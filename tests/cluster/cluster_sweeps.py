"""Sweeps as a user gives them, in processes of their own, and what they leave behind."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tests.runners.conftest import ROOT, Material

CHOICES = ("strategy=mean,nearest", "freeze=decoder", "steps=30", "eval_every=10", "metrics=[secs]")
PATIENCE_S = 600
Found = TypeVar("Found")


def sweep(here: Path, material: Material, name: str, launcher: tuple[str, ...]) -> subprocess.Popen[str]:
    command = [sys.executable, str(ROOT / "runners" / "grid.py"), "-m", *material.overrides, *CHOICES, *launcher]
    with said_by(here, name).open("w", encoding="utf-8") as said:
        return subprocess.Popen([*command, f"name={name}"], cwd=here, stdout=said, stderr=subprocess.PIPE, text=True)


def said_by(here: Path, name: str) -> Path:
    """Where a sweep's standard output goes."""
    return here / f"{name}.out"


def scores(experiment: Path) -> dict[str, bytes]:
    """What each finished cell scored."""
    finished = [path.parent for path in experiment.glob("*/cell.json") if record(path)["status"] == "finished"]
    return {folder.name: (folder / "scores.csv").read_bytes() for folder in finished}


def record(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def until(found: Callable[[], Found]) -> Found:
    """Wait for something that isn't empty or false."""
    end = time.monotonic() + PATIENCE_S
    while not (it := found()):
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.1)
    return it


def begun(here: Path, name: str, cells: int) -> bool:
    """Whether so many cells have been evaluated once and are at their training."""
    return len(list((here / "runs" / name).glob("*/scores.csv"))) >= cells


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, errors = process.communicate(timeout=PATIENCE_S)
    return process.returncode, errors
