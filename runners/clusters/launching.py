"""What is done for the launcher of a sweep before its first cell."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from vits.common.errors import InputError

EXTRAS = {"slurm": "hydra_submitit_launcher", "ray": "hydra_ray_launcher"}


def prepare_launcher(target: str, experiment: Path) -> None:
    """Make a cluster's launcher ready. `target` is the dotted name of the launcher's class.

    Raises:
        InputError: it is in an extra that isn't installed.
    """
    for extra, plugin in EXTRAS.items():
        if f".{plugin}." not in target:
            continue
        if find_spec(f"hydra_plugins.{plugin}") is None:
            raise InputError(f"hydra/launcher={extra} isn't installed; pip install -e '.[{extra}]' does it")
        if target.endswith(".SlurmLauncher"):
            from runners.clusters.slurm_jobs import use_cell_jobs

            use_cell_jobs(experiment)
