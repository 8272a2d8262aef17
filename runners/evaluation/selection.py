"""Which stage of a training is kept: the last, unless an earlier one is shown to be better on validation sentences.

A few misheard words are no reason to throw a training away. So an earlier stage has to prove itself by differences on
the same sentences, which are clusters: what a sentence does in all voices counts once (see `metrics.statistics`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import numpy as np
import pandas as pd

from metrics.metric import Metric
from metrics.statistics.contrasts import Difference, Reach, difference
from metrics.statistics.metric_scores import metric_scores
from metrics.statistics.variance_components import components
from metrics.summary import summarise
from vits.common.bounds import Above, AtLeast, Below, check_fields
from vits.common.errors import InputError
from vits.common.registry import registered
from vits.corpus.split import VALIDATION

FEWEST_TEXTS = 5  # with fewer, sentences can't tell how much they differ among themselves
CONSTANT = 1e-9  # differences that are closer to each other are the same


@dataclass(frozen=True)
class Kept:
    """The stage that is kept, in words why, and how the earlier stage did that was compared with the last.

    `differences` are positive where the earlier stage, `candidate`, is better, by metric; empty where nothing could
    be compared.
    """

    step: int
    by: str
    candidate: int | None = None
    differences: Mapping[str, Difference] = field(default_factory=dict)

    @property
    def record(self) -> dict[str, Any]:
        """The same as plain values."""
        bounds = {
            name: {"estimate": found.estimate, "lower": found.lower, "upper": found.upper}
            for name, found in self.differences.items()
        }
        return {"step": self.step, "by": self.by, "candidate": self.candidate, "differences": bounds}


@dataclass(frozen=True)
class Selection:
    """When an earlier stage is kept in the place of the last.

    The earlier stage with the best merit, which is the metric `similarity` less the metric `errors`, is compared with
    the last. It is kept if its similarity is shown to be higher and its errors aren't shown to be more; or if its
    errors are shown to be fewer by more than `errors_margin` and its similarity is lower by no more than
    `similarity_margin`. What is shown may be wrong with probability `level`.
    """

    similarity: str = "secs"
    errors: str = "wer"
    similarity_margin: Annotated[float, AtLeast(0)] = 0.02
    errors_margin: Annotated[float, AtLeast(0)] = 0.05
    level: Annotated[float, Above(0), Below(0.5)] = 0.05

    def __post_init__(self) -> None:
        check_fields(self, "evaluation.selection")
        known = {metric.name: metric for metric in registered("metrics").values()}
        for setting, name, rising in (("similarity", self.similarity, True), ("errors", self.errors, False)):
            right = sorted(other for other, metric in known.items() if metric.higher_is_better == rising)
            if name not in right:
                raise InputError(f"evaluation.selection.{setting}={name!r} must be one of {', '.join(right)}")

    def merits(self, rows: pd.DataFrame, metrics: Sequence[Metric]) -> dict[int, float]:
        """The merit of each evaluated step that has validation scores; higher is better, -inf if undefined."""
        counted = self._counted(metrics)
        of_split = _validated(rows)
        if of_split.empty or not counted:
            return {}
        table = summarise(of_split, counted)
        return {int(str(step)): self._merit(stage, counted) for step, stage in table.groupby("step")}

    def best(self, rows: pd.DataFrame, metrics: Sequence[Metric]) -> int | None:
        """The step of the best merit, the earliest of equals; None if nothing was validated."""
        merits = self.merits(rows, metrics)
        return max(merits, key=lambda step: (merits[step], -step)) if merits else None

    def kept(self, rows: pd.DataFrame, texts: pd.DataFrame, metrics: Sequence[Metric]) -> Kept:
        """The step whose weights are kept of those that `rows` has.

        `texts` says what each utterance says: columns `split, speaker, utterance, text`.
        """
        last = int(rows["step"].max())
        candidate = self.best(rows[rows["step"] < last], metrics)
        merits = self.merits(rows, metrics)
        if candidate is None or last not in merits:
            return Kept(last, "the last: nothing else was validated")
        found = self._differences(rows, texts, metrics, candidate, last)
        if self._is_better(found) or merits[last] == -math.inf < merits[candidate]:
            return Kept(candidate, f"shown better than the last by {self.describe(metrics)}", candidate, found)
        return Kept(last, f"the last: none shown better by {self.describe(metrics)}", candidate, found)

    def describe(self, metrics: Sequence[Metric]) -> str:
        """What is compared, in words: `validation wer, secs`."""
        return f"{VALIDATION} {', '.join(metric.name for metric in self._counted(metrics))}"

    def counts(self, metrics: Sequence[Metric]) -> bool:
        """Whether one of the two is scored, so that there is a merit."""
        return bool(self._counted(metrics))

    def _counted(self, metrics: Sequence[Metric]) -> list[Metric]:
        """Those of the two that were scored."""
        return [metric for metric in metrics if metric.name in (self.similarity, self.errors)]

    def _merit(self, stage: pd.DataFrame, counted: Sequence[Metric]) -> float:
        means = dict(zip(stage["metric"], stage["mean"], strict=True))
        merit = sum(metric.sign * means[metric.name] for metric in counted)
        return -math.inf if math.isnan(merit) else float(merit)

    def _differences(
        self, rows: pd.DataFrame, texts: pd.DataFrame, metrics: Sequence[Metric], candidate: int, last: int
    ) -> dict[str, Difference]:
        """By how much the candidate is better than the last; nothing where too few sentences have a value of both."""
        ours = _validated(rows)
        ours = ours[ours["step"].isin([candidate, last])].merge(texts, on=["split", "speaker", "utterance"])
        ours = ours.assign(system=ours["step"].astype(str), seed=0)
        compared = {metric.name: self._difference(ours, metric, candidate, last) for metric in self._counted(metrics)}
        return {name: found for name, found in compared.items() if found is not None}

    def _difference(self, rows: pd.DataFrame, metric: Metric, candidate: int, last: int) -> Difference | None:
        try:
            scores = metric_scores(rows, metric)
        except InputError:  # no sentence has a value of both
            return None
        if len(scores.systems) < 2 or np.unique(scores.text_of).size < FEWEST_TEXTS:
            return None
        found = difference(
            components(scores), str(candidate), str(last), reach=Reach.TRAINED_VOICES, alpha=2 * self.level
        )
        if np.ptp(scores.values[0] - scores.values[1]) < CONSTANT:  # nothing varies, so nothing is left to chance
            return replace(found, lower=found.estimate, upper=found.estimate)
        return found if math.isfinite(found.standard_error) else None

    def _is_better(self, found: Mapping[str, Difference]) -> bool:
        similarity, errors = found.get(self.similarity), found.get(self.errors)
        if similarity is not None and similarity.lower > 0 and not (errors is not None and errors.upper < 0):
            return True
        near = similarity is None or similarity.estimate >= -self.similarity_margin
        return errors is not None and errors.lower > self.errors_margin and near


def _validated(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["split"] == VALIDATION] if len(rows) else rows
