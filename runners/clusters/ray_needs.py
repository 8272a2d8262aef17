"""What a cell asks of a Ray cluster."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vits.common.errors import InputError

BYTES_PER_GB = 1024**3


Amount = int | float


@dataclass(frozen=True)
class Needs:
    """What each cell is to have of a node, and how often it is begun anew after its worker was lost (-1: always)."""

    num_cpus: Amount
    num_gpus: Amount
    memory_gb: Amount | None
    resources: Mapping[str, Amount]
    max_retries: int

    @classmethod
    def checked(cls, settings: Mapping[str, Any]) -> Needs:
        """Those that the settings of the launcher ask for.

        Raises:
            InputError: one of them is not allowed.
        """
        amounts = {name: settings[name] for name in ("num_cpus", "num_gpus")}
        amounts |= {"memory_gb": 0 if settings["memory_gb"] is None else settings["memory_gb"]}
        amounts |= {f"resources.{name}": amount for name, amount in settings["resources"].items()}
        for name, amount in amounts.items():
            if not _is_amount(amount):
                raise InputError(f"hydra.launcher.{name}={amount} is not allowed; it must be a number from 0")
        retries = settings["max_retries"]
        if not isinstance(retries, int) or isinstance(retries, bool) or retries < -1:
            raise InputError(
                f"hydra.launcher.max_retries={retries} is not allowed; it must be a whole number from 0, "
                "or -1 for always"
            )
        return cls(**settings)

    @property
    def _of_ray(self) -> dict[str, Amount]:
        return {"num_cpus": self.num_cpus, "num_gpus": self.num_gpus}

    @property
    def memory_bytes(self) -> int:
        """The memory by which a node is chosen; 0 where none was asked for."""
        return int((self.memory_gb or 0) * BYTES_PER_GB)

    @property
    def options(self) -> dict[str, Any]:
        """As Ray takes them. A worker runs one cell alone, so that none finds a device or threads of another."""
        memory = {"memory": self.memory_bytes} if self.memory_bytes else {}
        return {
            **self._of_ray,
            **memory,
            "resources": dict(self.resources),
            "max_retries": self.max_retries,
            "max_calls": 1,
        }

    def fit(self, nodes: Iterable[Mapping[str, Any]]) -> bool:
        """Whether one of the nodes, as Ray describes them, is large enough for a cell."""
        wanted = {"CPU": self.num_cpus, "GPU": self.num_gpus, "memory": self.memory_bytes, **self.resources}
        return any(
            node["Alive"] and all(node["Resources"].get(name, 0) >= amount for name, amount in wanted.items())
            for node in nodes
        )

    def __str__(self) -> str:
        memory = {} if self.memory_gb is None else {"memory_gb": self.memory_gb}
        amounts = {**self._of_ray, **memory, **self.resources}
        return ", ".join(f"{name}={amount}" for name, amount in amounts.items() if amount)


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
