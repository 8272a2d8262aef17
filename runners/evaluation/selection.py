"""Which stage of a training is kept: the best on validation sentences, never on test."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from metrics.metric import Metric
from metrics.summary import summarise
from vits.common.bounds import check_value
from vits.common.errors import InputError
from vits.common.quantities import Weight
from vits.common.registry import registered
from vits.corpus.split import VALIDATION


@dataclass(frozen=True)
class Selection:
    """How to compare stages: each metric's mean over speakers, times its weight, in the direction of better.

    With weights of 1 for WER and SECS a stage is better if it gains more in one than it loses in the other.
    Metrics that were not scored don't count.
    """

    weights: Mapping[str, Weight]

    def __post_init__(self) -> None:
        check_value("evaluation.choose_by", self.weights, dict[str, Weight])
        known = {metric.name for metric in registered("metrics").values()}
        for name in self.weights:
            if name not in known:
                raise InputError(f"evaluation.choose_by names no metric {name!r}; choose of {', '.join(sorted(known))}")

    def describe(self, metrics: Sequence[Metric]) -> str:
        """What is compared, in words: `validation wer, secs`."""
        counted = [metric.name for metric in metrics if self.weights.get(metric.name)]
        return f"{VALIDATION} {', '.join(counted)}"

    def merits(self, rows: pd.DataFrame, metrics: Sequence[Metric]) -> dict[int, float]:
        """The merit of each evaluated epoch that has validation scores; higher is better, -inf if undefined."""
        counted = [metric for metric in metrics if self.weights.get(metric.name)]
        of_split = rows[rows["split"] == VALIDATION] if len(rows) else rows
        if of_split.empty or not counted:
            return {}
        table = summarise(of_split, counted)
        return {int(str(epoch)): self._merit(stage, counted) for epoch, stage in table.groupby("epoch")}

    def _merit(self, stage: pd.DataFrame, counted: Sequence[Metric]) -> float:
        means = dict(zip(stage["metric"], stage["mean"], strict=True))
        merit = sum((1 if m.higher_is_better else -1) * self.weights[m.name] * means[m.name] for m in counted)
        return -math.inf if math.isnan(merit) else float(merit)

    def best(self, rows: pd.DataFrame, metrics: Sequence[Metric]) -> int | None:
        """The best epoch, the earliest of equals; None if nothing was validated."""
        merits = self.merits(rows, metrics)
        return max(merits, key=lambda epoch: (merits[epoch], -epoch)) if merits else None
