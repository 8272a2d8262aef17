"""What a test set of some size can show, before there are scores."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from scipy.special import stdtrit

from metrics.statistics.t_test import noncentrality
from vits.common.errors import InputError


@dataclass(frozen=True)
class Variances:
    """How the difference between two systems on one utterance varies.

    `between_speakers` is the variance, in the metric's unit squared, with which speakers prefer one system to the
    other; `within_speaker` the variance between sentences of one speaker, if they weigh `mean_weight` each (words
    of a sentence for WER, 1 for a plain mean).
    """

    between_speakers: float
    within_speaker: float
    mean_weight: float = 1.0

    def __post_init__(self) -> None:
        if not (self.between_speakers >= 0 and self.within_speaker >= 0 and self.mean_weight > 0):
            raise InputError(f"{self} can't be; variances must be 0 or more, and mean_weight positive")

    def of_mean(
        self, n_speakers: int, sentences_per_speaker: int | float, mean_weight: int | float | None = None
    ) -> float:
        """The variance of the mean difference over speakers; sentences of half the words vary twice as much."""
        scale = 1.0 if mean_weight is None else self.mean_weight / mean_weight
        return (self.between_speakers + self.within_speaker * scale / sentences_per_speaker) / n_speakers


DEMO_VARIANCES: Mapping[str, Variances] = MappingProxyType(
    {
        "wer": Variances(between_speakers=0.0002, within_speaker=0.127, mean_weight=7.25),
        "secs": Variances(between_speakers=0.0010, within_speaker=0.0017),
    }
)
"""Medians over all pairs of twelve cells of the five demo voices, with a base that lost a third of the words.

Assumed for test sets without scores. Systems that err less vary less in WER: the README's grid, whose base loses one
word in fourteen, gives 0.000007 and 0.027 there, and for SECS 0.0028 and 0.0030. The share between speakers is known
poorly from so few: take it as a lower bound, and the smallest detectable difference with it.
"""


def smallest_detectable_difference(
    variances: Variances,
    *,
    n_speakers: int,
    sentences_per_speaker: int | float,
    mean_weight: int | float | None = None,
    n_pairs: int = 1,
    level: float = 0.95,
    power: float = 0.8,
) -> float:
    """The true difference that a planned test set would find with this power, in the metric's unit.

    For voices like these, with one seed: Student's t on one value per speaker, corrected for `n_pairs` (Bonferroni);
    with one speaker, on the sentences of this speaker. Infinite where the t has no degree of
    freedom. `mean_weight` is that of the planned sentences (their words, for WER), if not as in `variances`.

    Raises:
        InputError: a number that can't be.
    """
    if n_speakers < 1 or sentences_per_speaker <= 0 or n_pairs < 1:
        raise InputError(
            f"n_speakers={n_speakers}, sentences_per_speaker={sentences_per_speaker}, n_pairs={n_pairs}: each must be "
            "positive"
        )
    if not (0 < level < 1 and 0 < power < 1):
        raise InputError(f"level={level} and power={power} must lie between 0 and 1, such as 0.95 and 0.8")
    seen = variances if n_speakers > 1 else replace(variances, between_speakers=0.0)
    df = (n_speakers if n_speakers > 1 else sentences_per_speaker) - 1.0
    if df <= 0:
        return math.inf
    critical = -stdtrit(df, (1 - level) / n_pairs / 2)
    errors = noncentrality(np.array([critical]), np.array([df]), power)[0]
    return float(errors * math.sqrt(seen.of_mean(n_speakers, sentences_per_speaker, mean_weight)))
