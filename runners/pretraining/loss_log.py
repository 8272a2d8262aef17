"""The losses of a long training, averaged over so many steps at a time."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pandas as pd
from torch import Tensor

from runners.training.trainer import StepReport, check_finite
from vits.common.atomic_files import write_atomically
from vits.common.readers import read_table

COLUMNS = ("step", "loss", "value")
SHOWN = ("mel", "kl", "duration")


class LossLog:
    """Means of every `every` steps as `step|loss|value` rows; a resumed training goes on in the same file.

    Between two lines nothing is read back from the device, so that it needn't wait for the host.
    """

    def __init__(self, path: Path, every: int, step: int) -> None:
        self.path = path
        self.every = every
        kinds = {"step": int, "loss": str, "value": float}
        before = read_table(path, kinds) if os.path.lexists(path) else pd.DataFrame(columns=pd.Index(COLUMNS))
        self.rows: list[tuple[int, str, float]] = list(
            before[before["step"] <= step].itertuples(index=False, name=None)  # pyright: ignore[reportArgumentType]
        )
        self._sums: dict[str, Tensor] = {}
        self._counts: Counter[str] = Counter()

    def add(self, report: StepReport) -> dict[str, float] | None:
        """Take in a step's losses; returns the means when a line is full.

        Raises:
            TrainingDivergedError: a mean is no number any more.
        """
        for name, value in report.values.items():
            self._sums[name] = self._sums[name] + value if name in self._sums else value
            self._counts[name] += 1
        return self._line(report.step) if (report.step + 1) % self.every == 0 else None

    def check(self, step: int) -> None:
        """Make sure that everything since the last line was finite, before anything is saved.

        Raises:
            TrainingDivergedError: it wasn't.
        """
        check_finite({name: float(total) for name, total in self._sums.items()}, step)

    def _line(self, step: int) -> dict[str, float]:
        means = {name: float(total) / self._counts[name] for name, total in self._sums.items()}
        check_finite(means, step)
        self.rows += [(step + 1, name, mean) for name, mean in means.items()]
        table = pd.DataFrame(self.rows, columns=pd.Index(COLUMNS))
        write_atomically(self.path, table.to_csv(index=False).encode())
        self._sums.clear()
        self._counts.clear()
        return means
