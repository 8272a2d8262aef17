"""The launcher of `hydra/launcher=ray`.

Hydra takes launchers from packages named `hydra_plugins` alone, of which several folders may be parts; this one is, as
it lies beside the entry points. So it holds no `__init__.py`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf


class RayLauncher(Launcher):
    """Each cell of a sweep is a task of a Ray cluster; the settings are explained in `conf/hydra/launcher/ray.yaml`."""

    def __init__(
        self,
        address: str | None,
        num_cpus: float,
        num_gpus: float,
        memory_gb: float | None,
        resources: DictConfig,
        max_retries: int,
    ) -> None:
        self.address = address
        self.needs = {
            "num_cpus": num_cpus,
            "num_gpus": num_gpus,
            "memory_gb": memory_gb,
            "resources": OmegaConf.to_container(resources),
            "max_retries": max_retries,
        }

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take what Hydra gives a launcher before it launches."""
        self.of_sweep = (hydra_context, task_function, config)

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run a cell for each list of overrides, and wait for all of them.

        Raises:
            InputError: the cluster doesn't answer, or a setting is not allowed.
        """
        os.environ.setdefault("RAY_DEDUP_LOGS", "0")  # what two cells say alike is said twice
        from runners.clusters.ray_cells import Sweep, run_cells
        from runners.clusters.ray_needs import Needs

        return run_cells(self.address, Needs.checked(self.needs), Sweep(*self.of_sweep), job_overrides, initial_job_idx)
