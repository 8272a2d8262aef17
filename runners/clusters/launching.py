"""What is done for the launcher of a sweep before its first cell."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from vits.common.errors import InputError

SUBMITIT = "hydra_submitit_launcher"
RAY = "hydra_plugins.ray_launcher.RayLauncher"


def moves_cells(target: str) -> bool:
    """Whether a launcher begins a cell anew on another machine as soon as its own is lost."""
    return target == RAY


def prepare_launcher(target: str, experiment: Path) -> None:
    """Make a cluster's launcher ready. `target` is the dotted name of the launcher's class.

    Raises:
        InputError: it is in an extra that isn't installed.
    """
    if target == RAY and find_spec("ray") is None:
        raise InputError("hydra/launcher=ray isn't installed; pip install -e '.[ray]' does it")
    if f".{SUBMITIT}." not in target:
        return
    if find_spec(f"hydra_plugins.{SUBMITIT}") is None:
        raise InputError("hydra/launcher=slurm isn't installed; pip install -e '.[slurm]' does it")
    if target.endswith(".SlurmLauncher"):
        from runners.clusters.slurm_jobs import use_cell_jobs

        use_cell_jobs(experiment)
