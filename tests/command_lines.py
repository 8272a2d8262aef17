"""Entry points in processes of their own: what is typed, in which environment, and what an experiment recorded."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import wandb

ENTRY_POINTS = Path(__file__).parents[1] / "runners"
PATIENCE_S = 900  # by the clock, of which a process gets little on a busy machine


def command_line(script: str, *arguments: str) -> list[str]:
    """What starts an entry point in a process of its own."""
    return [sys.executable, str(ENTRY_POINTS / script), *arguments]


def environment() -> dict[str, str]:
    """Nothing leaves the machine, one thread is enough, and a process looks for no service of another's wandb."""
    own = {name: value for name, value in os.environ.items() if name != wandb.env.SERVICE}
    return {**own, "OMP_NUM_THREADS": "1", "WANDB_MODE": "offline"}


def records(experiment: Path) -> dict[str, dict[str, Any]]:
    """The records of an experiment's cells by the names of their folders."""
    return {
        path.parent.name: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(experiment.glob("*/cell.json"))
    }
