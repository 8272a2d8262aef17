"""Runs that were logged offline, and what is typed to upload them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

OFFLINE = "offline-run-"  # how the name of an offline run's folder begins
PATTERN = f"wandb/{OFFLINE}*"  # below the folder of a cell
UPLOADED = ".synced"  # what `wandb sync` puts behind the name of a log that it has read, and which it then passes over


def offline_runs(folder: Path) -> list[Path]:
    """The offline runs of a cell, uploaded or not."""
    return sorted(folder.glob(PATTERN))


def mark_of(run: Path) -> Path | None:
    """The file beside a run's log by which `wandb sync` passes it over; None where there is no log."""
    log = next(run.glob("run-*.wandb"), None)
    return log and log.with_name(log.name + UPLOADED)


def to_upload(cells: Iterable[Path]) -> list[Path]:
    """The offline runs of some cells that are whole and were not uploaded yet."""
    runs = [run for cell in cells for run in offline_runs(cell)]
    return [run for run in runs if (mark := mark_of(run)) is not None and not mark.exists()]


def upload_command(experiment: Path) -> str:
    """What to type in a shell to upload all offline runs of an experiment that weren't, whichever machine ran them."""
    return f"wandb sync {shlex.quote(str(experiment))}/*/{PATTERN}"
