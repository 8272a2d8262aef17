"""How large a test set must be: before there are scores, and from the scores of one that was too small."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from types import MappingProxyType

import numpy as np
from scipy.special import stdtrit

from metrics.statistics.bootstrap import Samples
from metrics.statistics.observations import Observations
from metrics.statistics.t_test import noncentrality
from vits.common.errors import InputError

MOST_SPEAKERS = MOST_SENTENCES = 10_000  # more than this is no advice


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
"""What `variances` gave for twelve cells of the five demo voices, with a base that lost a third of the words.

Assumed for test sets without scores. Systems that err less vary less in WER: the README's grid, whose base loses one
word in fourteen, gives 0.000007 and 0.027 there, and for SECS 0.0028 and 0.0030. The share between speakers is known
poorly from so few: take it as a lower bound, and the smallest detectable difference with it.
"""


@dataclass(frozen=True)
class SentencesNeeded:
    """How large a test set would make a difference visible, with `per_speaker` sentences of each speaker.

    `per_speaker` is None where no number of sentences would do, as the speakers differ too much among themselves.
    `speakers` is then how many of them it would take with the present number of sentences, and else the present
    number of speakers; None where ten thousand wouldn't do.
    """

    difference: float
    unit: str
    per_speaker: int | None
    speakers: int | None

    def sentence(self) -> str:
        """In words."""
        goal = f"To see a difference of {self.difference:.3g} {self.unit}"
        if self.per_speaker is not None:
            return f"{goal}, the test set needs {self.per_speaker} sentences of each of its {self.speakers} speakers."
        if self.speakers is not None:
            return f"{goal}, the test set needs {self.speakers} speakers: more sentences of the present ones won't do."
        return f"{goal}, no test set of a feasible size will do."


def variances(observations: Observations) -> Variances:
    """Medians over all pairs of systems, on their mean over seeds; those of the speakers are 0 with one speaker.

    Raises:
        InputError: fewer than two systems, or no pair in which a speaker has two utterances.
    """
    pairs = list(combinations(range(len(observations.systems)), 2))
    parts = [_of_pair(observations, *pair) for pair in pairs]
    known = np.array([part for part in parts if not math.isnan(part[1])]).reshape(-1, 2)
    if not len(known):
        raise InputError(
            f"{observations.metric}: no two systems share two utterances of a speaker, so nothing can be said of how "
            "they vary; score at least two systems on two sentences of each speaker"
        )
    between, within = np.median(known, axis=0)
    used = observations.weights[observations.weights > 0]
    return Variances(float(between), float(within), float(used.mean()))


def sentences_needed(
    observations: Observations, difference: float, power: float = 0.8, level: float = 0.95
) -> SentencesNeeded:
    """What the test set needs so that this difference, in the metric's unit, is found with this power in any pair.

    Each pair is tested at the level of Holm's first step, and varies as the median pair does (`variances`).

    Raises:
        InputError: `difference` isn't positive, or the variances can't be known from these observations.
    """
    if not difference > 0:
        raise InputError(f"difference={difference} must be positive, in {observations.unit}")
    parts = variances(observations)
    n_speakers, n_pairs = len(observations.speakers), math.comb(len(observations.systems), 2)
    present = np.count_nonzero(observations.weights) / n_speakers

    def sees(speakers: int, sentences: int) -> bool:
        found = smallest_detectable_difference(
            parts,
            n_speakers=speakers,
            sentences_per_speaker=sentences,
            n_pairs=n_pairs,
            level=level,
            power=power,
        )
        return found <= difference

    per_speaker = _first(lambda n: sees(n_speakers, n), 2, MOST_SENTENCES)
    if per_speaker is not None:
        return SentencesNeeded(difference, observations.unit, per_speaker, n_speakers)
    enough = _first(lambda n: sees(n, math.ceil(present)), n_speakers + 1, MOST_SPEAKERS)
    return SentencesNeeded(difference, observations.unit, None, enough)


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

    The test is that of `compare` with one seed: Student's t on one value per speaker, at the level of Holm's first
    step for `n_pairs`; with one speaker, on the sentences of this speaker. Infinite where the t has no degree of
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


def _first(holds: Callable[[int], bool], start: int, most: int) -> int | None:
    """The smallest number from `start` to `most` for which it holds, if it goes on holding from there on."""
    if start > most or not holds(most):
        return None
    return bisect_left(range(most), True, lo=start, key=holds)


def _of_pair(observations: Observations, first: int, second: int) -> tuple[float, float]:
    """Variance of the difference between speakers and between sentences of one; NaN where it can't be known."""
    with_seeds = observations.values[[first]] - observations.values[[second]]
    n_seeds = (~np.isnan(with_seeds)).sum(axis=1, keepdims=True)
    difference = np.where(n_seeds > 0, np.nansum(with_seeds, axis=1, keepdims=True) / np.maximum(n_seeds, 1), np.nan)
    pair = Samples(difference, observations.weights)
    of_speaker = pair.of_speakers()[0, 0]
    weights = np.where(pair.defined[0, 0], observations.weights, 0.0)
    n = np.count_nonzero(weights, axis=1)
    known = n >= 2
    if not known.any():
        return math.nan, math.nan
    residuals = weights * np.nan_to_num(difference[0, 0] - of_speaker[:, None])
    noise = ((residuals**2).sum(axis=1)[known] / weights.sum(axis=1)[known] ** 2) * (n / (n - 1.0 + (n < 2)))[known]
    means = of_speaker[~np.isnan(of_speaker)]
    between = max(0.0, float(means.var(ddof=1) - noise.mean())) if means.size > 1 else 0.0
    return between, float((noise * n[known]).mean())
