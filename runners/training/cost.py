"""What a training costs: seconds of computing, and how long a second of speech takes the model."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import torch
from torch import Tensor


@dataclass
class Cost:
    """Seconds spent until now, over all the runs that a training was broken into; what is done again counts once.

    `training_cpu_s` is the processor time of this process with all its threads. `synthesis_s` is what speaking took
    at the last evaluation, and `audio_s` what was spoken then.
    """

    training_s: float = 0.0
    training_cpu_s: float = 0.0
    evaluation_s: float = 0.0
    synthesis_s: float = 0.0
    audio_s: float = 0.0

    @contextmanager
    def of_training(self) -> Iterator[None]:
        """Count what is done in the block as training."""
        began, cpu_began = time.perf_counter(), time.process_time()
        yield
        self.training_s += time.perf_counter() - began
        self.training_cpu_s += time.process_time() - cpu_began

    @contextmanager
    def of_evaluation(self) -> Iterator[None]:
        """Count what is done in the block as evaluation."""
        began = time.perf_counter()
        yield
        self.evaluation_s += time.perf_counter() - began

    def note_speech(self, synthesis_s: float, audio_s: float) -> None:
        """Remember how long the last evaluation took to speak how much."""
        self.synthesis_s, self.audio_s = synthesis_s, audio_s

    @property
    def real_time_factor(self) -> float | None:
        """Seconds of computing per second of speech; None before anything was spoken."""
        return self.synthesis_s / self.audio_s if self.audio_s else None

    @property
    def record(self) -> dict[str, float | None]:
        """As it stands in cell.json."""
        return {
            "training_s": self.training_s,
            "training_cpu_s": self.training_cpu_s,
            "evaluation_s": self.evaluation_s,
            "real_time_factor": self.real_time_factor,
        }

    @property
    def tensors(self) -> dict[str, Tensor]:
        """As a saved state keeps it."""
        return {name: torch.tensor(value, dtype=torch.float64) for name, value in asdict(self).items()}

    @classmethod
    def of_tensors(cls, tensors: Mapping[str, Tensor]) -> Cost:
        """What a saved state kept."""
        return cls(**{name: float(value) for name, value in tensors.items()})
