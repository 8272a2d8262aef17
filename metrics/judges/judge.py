"""Pretrained judges, loaded once and shared by all metrics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast

import torch


class Judge(ABC):
    """A pretrained model that looks at speech. All judges hear 16 kHz."""

    @classmethod
    @abstractmethod
    def load(cls, name: str, cache_dir: Path, device: torch.device) -> Judge:
        """The judge with the weights of that name.

        Raises:
            InputError: the name is unknown, or the weights can't be fetched.
        """


J = TypeVar("J", bound=Judge)


@dataclass(frozen=True)
class Judges:
    """The judges of one experiment: where their weights are cached and on which device they run.

    Beside Apple's `mps` they stay on the processor: Whisper keeps a sparse tensor, of which there are none there, and
    the scores of all machines without CUDA are then computed alike.
    """

    cache_dir: Path
    device: torch.device
    _loaded: dict[tuple[type[Judge], str], Judge] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.device.type == "mps":
            object.__setattr__(self, "device", torch.device("cpu"))

    def get(self, judge: type[J], name: str) -> J:
        """A judge with the weights of that name, e.g. `judges.get(WhisperJudge, "tiny.en")`."""
        key = (judge, name)
        if key not in self._loaded:
            # A module draws its initial parameters before the weights overwrite them. That must not move the
            # random numbers of the training beside which it is judged.
            with torch.random.fork_rng(devices=[]):
                self._loaded[key] = judge.load(name, self.cache_dir, self.device)
        return cast(J, self._loaded[key])
