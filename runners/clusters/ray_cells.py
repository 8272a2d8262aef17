"""Cells as Ray's tasks: one whose worker is lost goes on elsewhere, and one that Ray gives up is a cell that failed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray
from hydra.core.hydra_config import HydraConfig
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, run_job, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict
from ray.exceptions import RayError, RayTaskError

from runners.clusters.no_result import no_result
from runners.clusters.ray_needs import Needs
from runners.results.experiment_folder import experiment_folder
from vits.common.errors import InputError

TAKEN_ALONG = ("VOICEGRID_", "WANDB_")  # environment variables whose names begin so
VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class Sweep:
    """What Hydra gives its launchers."""

    hydra_context: HydraContext
    task_function: TaskFunction
    config: DictConfig

    @property
    def experiment(self) -> Path:
        """The folder of its cells."""
        return experiment_folder(self.config)

    def composed(self, number: int, overrides: Sequence[str]) -> DictConfig:
        """The configuration of one cell."""
        config = self.hydra_context.config_loader.load_sweep_config(self.config, list(overrides))
        with open_dict(config):
            config.hydra.job.id = f"cell {number}"
            config.hydra.job.num = number
        return config


@dataclass(frozen=True)
class Surroundings:
    """What a cell finds of the command's process in a worker, which its node began without knowing of the command."""

    folder: str = field(default_factory=os.getcwd)
    variables: Mapping[str, str] = field(
        default_factory=lambda: {name: value for name, value in os.environ.items() if name.startswith(TAKEN_ALONG)}
    )
    singletons: Mapping[str, Any] = field(default_factory=Singleton.get_state)

    def enter(self) -> None:
        """Make this process such a one. It sees the GPUs that Ray has given it, and where that is none, none.

        Raises:
            FileNotFoundError: the nodes don't share the folder.
        """
        os.chdir(self.folder)
        os.environ.update(self.variables)
        if not ray.get_runtime_context().get_accelerator_ids().get("GPU"):
            os.environ[VISIBLE] = ""
        setup_globals()
        Singleton.set_state(self.singletons)


def run_cells(
    address: str | None, needs: Needs, sweep: Sweep, overrides: Sequence[Sequence[str]], first: int
) -> list[JobReturn]:
    """Run a cell for each list of overrides, numbered from `first`, and wait for all of them.

    Raises:
        InputError: the cluster doesn't answer.
    """
    _connect(address)
    if not needs.fit(ray.nodes()):
        print(f"no node of the Ray cluster has {needs}; the cells wait until there is one", flush=True)
    task: Any = ray.remote(**needs.options)(_run_in_worker)
    shared = [ray.put(part) for part in (sweep.hydra_context, sweep.task_function, Surroundings())]
    cells = {
        number: task.options(name=f"cell {number}").remote(sweep.composed(number, chosen), *shared)
        for number, chosen in enumerate(overrides, first)
    }
    return [_result(cell, number, sweep.experiment) for number, cell in cells.items()]


def _connect(address: str | None) -> None:
    if ray.is_initialized():  # by an earlier batch of the sweep
        return
    try:
        ray.init(address=address, logging_level="ERROR")
    except (ConnectionError, ValueError, RuntimeError) as error:
        where = address or os.environ.get("RAY_ADDRESS", "this machine")
        raise InputError(
            f"no Ray cluster answers at {where} ({_first_line(error)}); begin one with ray start --head and give its "
            "address, or leave hydra.launcher.address out"
        ) from None


def _run_in_worker(
    config: DictConfig, context: HydraContext, function: TaskFunction, surroundings: Surroundings
) -> JobReturn:
    surroundings.enter()
    HydraConfig.instance().set_config(config)
    return run_job(
        hydra_context=context,
        task_function=function,
        config=config,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
    )


def _result(cell: Any, number: int, experiment: Path) -> JobReturn:
    """What the cell's task returned; of one that Ray gave up, nothing."""
    try:
        return ray.get(cell)
    except RayError as error:
        cause = error.cause if isinstance(error, RayTaskError) else error
        return no_result(experiment, f"cell {number}", f"Ray gave it up: {_first_line(cause)}")


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
