"""Losses since something was last written down, so that their means don't depend on where a training was stopped."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import torch
from torch import Tensor

SINCE, LOSS = "losses_since", "loss_sum/"


class LossSums:
    """The sum of each loss over the steps after `since`."""

    def __init__(self, since: int, sums: Mapping[str, float] | None = None) -> None:
        self.since = since
        self.sums = dict(sums or {})

    def add(self, losses: Mapping[str, float]) -> None:
        """One more step."""
        self.sums = {name: self.sums.get(name, 0.0) + value for name, value in losses.items()}

    def means(self, step: int) -> pd.DataFrame:
        """The means over the steps until `step`: columns `step, loss, value`."""
        rows = [(step, name, total / (step - self.since)) for name, total in self.sums.items()]
        return pd.DataFrame(rows, columns=pd.Index(["step", "loss", "value"]))

    @property
    def note(self) -> dict[str, Tensor]:
        """What a training state keeps of them."""
        sums = {f"{LOSS}{name}": torch.tensor(total, dtype=torch.float64) for name, total in self.sums.items()}
        return {SINCE: torch.tensor(self.since), **sums}

    @classmethod
    def noted(cls, noted: Mapping[str, Tensor], step: int) -> LossSums:
        """Those of a state of that step; none where it kept none."""
        sums = {name.removeprefix(LOSS): float(total) for name, total in noted.items() if name.startswith(LOSS)}
        return cls(int(noted[SINCE]) if SINCE in noted else step, sums)
