"""Verdicts over all pairs of systems, corrected for their number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float

from metrics.statistics.bootstrap import Samples, Spread, bootstrap
from metrics.statistics.observations import Observations
from metrics.statistics.t_test import Uncertainty, holm_factors
from vits.common.errors import InputError

FEWEST_RESAMPLES = 100  # with fewer, the standard error itself is off by 7 % and more
POWER = 0.8
ERRATIC = 3.0  # times as far apart as the other system's: from here on a caveat says that speakers' means are
AGREEMENT = 0.25  # share of the utterances' own variance below which speakers agree by accident


class Scope(Enum):
    """Whom a verdict speaks of."""

    SPEAKERS_LIKE_THESE = "speakers like these"
    """Other speakers might have been in the test; what holds for these few need not hold for them."""
    THESE_SPEAKERS = "these speakers"
    """Other sentences of the same speakers might have been in the test; nothing is said of any other speaker."""


@dataclass(frozen=True)
class Estimate:
    """What one system reaches: the mean over its speakers, then seeds, and an interval at the comparison's level.

    `n_utterances` counts its values and `n_undefined` the utterances without one, over speakers and seeds. The
    interval is for this system alone; whether two systems differ is what verdicts are for, as they look at both on
    the same utterances. It is infinite where no spread can be measured.
    """

    system: str
    mean: float
    lower: float
    upper: float
    n_speakers: int
    n_utterances: int
    n_undefined: int


@dataclass(frozen=True)
class Verdict:
    """What can be said of two systems; `a` is the one with the better mean on the utterances that both have.

    `difference` is by how much `a` is better, in `unit`, 0 or more (NaN without a common utterance). `p` is of the
    hypothesis that the two are the same, `p_adjusted` corrected by Holm for all pairs. `lower` and `upper` bound the
    difference at the level that Holm's procedure gave this pair, so that they leave out 0 exactly where the pair is
    distinguishable; they are no joint confidence region of all pairs. `smallest_detectable` is the true difference
    that this pair's test would find with 80 % power if it were the first in Holm's order, infinite if none.
    `n_utterances` counts pairs of values, over speakers and seeds, `n_dropped` values that the other lacks.
    """

    a: str
    b: str
    unit: str
    difference: float
    lower: float
    upper: float
    p: float
    p_adjusted: float
    distinguishable: bool
    smallest_detectable: float
    n_utterances: int
    n_dropped: int

    def sentence(self) -> str:
        """The verdict in words."""
        if self.distinguishable:
            interval = f"[{self.lower:.3g}, {self.upper:.3g}]"
            return f"{self.a} is better than {self.b} by {self.difference:.3g} {self.unit} {interval}"
        return f"{self.a} and {self.b} are not distinguishable; {self._why()}"

    def _why(self) -> str:
        if not self.n_utterances:
            return "they have no utterance in common"
        if self.lower == self.upper == 0:
            return "they have the same value on every utterance"
        if math.isinf(self.smallest_detectable):
            return "this test has too little in it to see any difference"
        return f"the smallest difference this test could see is {self.smallest_detectable:.3g} {self.unit}"


@dataclass(frozen=True)
class Comparison:
    """Estimates of all systems in their order, verdicts of all their pairs, and of whom they speak."""

    metric: str
    unit: str
    higher_is_better: bool
    level: float
    scope: Scope
    estimates: tuple[Estimate, ...]
    pairs: tuple[Verdict, ...]
    caveats: tuple[str, ...]
    """Sentences that belong beside the verdicts: one speaker only, one seed only."""

    def between(self, one: str, other: str) -> Verdict:
        """The verdict of two systems, in whichever order.

        Raises:
            InputError: there is no such pair.
        """
        for verdict in self.pairs:
            if {verdict.a, verdict.b} == {one, other}:
                return verdict
        systems = "; ".join(estimate.system for estimate in self.estimates)
        raise InputError(f"no verdict between {one!r} and {other!r}; take two of: {systems}")


def compare(
    observations: Observations,
    *,
    resamples: int = 10_000,
    level: float = 0.95,
    rng: np.random.Generator,
    scope: Scope = Scope.SPEAKERS_LIKE_THESE,
) -> Comparison:
    """Estimates of all systems, and verdicts of all their pairs on the utterances that both have.

    The standard error of a difference is the bootstrap's (`metrics.statistics.bootstrap`): whole speakers are drawn
    again, or for `THESE_SPEAKERS` the utterances of each. It is never less than half of what utterances alone cause:
    three speakers who happen to agree, such as on sentences without an error, prove nothing, and with this floor
    word errors of two identical systems are told apart in 1 % of cases instead of 4 % at three speakers and four
    sentences, at no loss of power from five speakers on. Quantiles are Student's (`metrics.statistics.t_test`, with
    the reasons). Seeds are a source of error of their own where there are several, and two or three cost power, as
    so few runs can't tell much of how runs differ; from one seed nothing can be said of the next training run, and
    `caveats` says so. With one speaker the scope is `THESE_SPEAKERS`.

    What it rests on: speakers, and the sentences of each, are drawn independently. If all speakers read the same
    texts, verdicts hold for these texts. And a mean is what is compared: a system that fails with few speakers, all
    of them absent from the test, looks better than it is. Identical systems are told apart in 5 % of cases at most;
    of two that have only the mean in common, the more erratic one passes for better in up to 12 %
    (`benchmarks/verdicts.py`), which no test of so few speakers prevents. So `caveats` names such pairs.

    Dror et al. 2018, "The Hitchhiker's Guide to Testing Statistical Significance in NLP", for paired tests and
    corrections in this field.

    Raises:
        InputError: `level` isn't between 0 and 1, or fewer than 100 resamples.
    """
    if not 0 < level < 1:
        raise InputError(f"level={level} must lie between 0 and 1, such as 0.95")
    if resamples < FEWEST_RESAMPLES:
        raise InputError(f"resamples={resamples} are too few; take at least {FEWEST_RESAMPLES}, better 10000")
    if len(observations.speakers) == 1:
        scope = Scope.THESE_SPEAKERS
    systems = Samples(observations.values, observations.weights)
    pairs = list(combinations(range(len(observations.systems)), 2))
    differences = _differences(observations, pairs)
    together = Samples(np.concatenate([systems.values, differences.values]), observations.weights)
    spread = bootstrap(together, resamples, rng)
    errors = uncertainty(spread, scope)
    cut = len(observations.systems)
    pairs_verdicts = _verdicts(observations, pairs, differences, errors.part(slice(cut, None)), 1 - level)
    return Comparison(
        observations.metric,
        observations.unit,
        observations.higher_is_better,
        level,
        scope,
        _estimates(observations, systems, spread, errors.half_width(np.full(len(together.values), 1 - level))[:cut]),
        pairs_verdicts,
        (*_caveats(observations, scope), *_erratic(observations, systems, pairs_verdicts)),
    )


def uncertainty(spread: Spread, scope: Scope) -> Uncertainty:
    """What makes the mean of each sample uncertain, if verdicts are to hold in this scope."""
    if scope is Scope.THESE_SPEAKERS:
        sources = [(spread.utterances, spread.utterances_df)]
    else:
        sources = [(np.maximum(spread.speakers, AGREEMENT * spread.utterances), spread.n_speakers - 1.0)]
    if (spread.n_seeds > 1).any():
        sources.append((spread.seeds, np.maximum(spread.n_seeds - 1.0, 1.0)))  # a single seed adds no variance
    variances, df = zip(*sources, strict=True)
    return Uncertainty(np.stack(variances), np.stack(df))


def _differences(observations: Observations, pairs: list[tuple[int, int]]) -> Samples:
    """By how much the first of each pair is better than the second, on every utterance."""
    sign = 1 if observations.higher_is_better else -1
    first, second = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return Samples(sign * (observations.values[first] - observations.values[second]), observations.weights)


def _estimates(
    observations: Observations, systems: Samples, spread: Spread, half_widths: Float[np.ndarray, "systems"]
) -> tuple[Estimate, ...]:
    defined = systems.defined
    has_seed = ~np.isnan(observations.values).all(axis=(2, 3))
    expected = np.maximum(has_seed.sum(axis=1), 1) * np.count_nonzero(observations.weights)
    values = defined.sum(axis=(1, 2, 3))
    means = systems.means()
    return tuple(
        Estimate(
            system=system,
            mean=float(means[k]),
            lower=float(means[k] - half_widths[k]),
            upper=float(means[k] + half_widths[k]),
            n_speakers=int(spread.n_speakers[k]),
            n_utterances=int(values[k]),
            n_undefined=int(expected[k] - values[k]),
        )
        for k, system in enumerate(observations.systems)
    )


def _verdicts(
    observations: Observations, pairs: list[tuple[int, int]], differences: Samples, errors: Uncertainty, alpha: float
) -> tuple[Verdict, ...]:
    if not pairs:
        return ()
    means = differences.means()
    p = np.where(np.isnan(means), 1.0, errors.p(np.nan_to_num(means)))
    factors = holm_factors(p)
    half_widths = errors.half_width(alpha / factors)
    half_widths[_identical(differences)] = 0.0
    detectable = errors.detectable(alpha / len(pairs), POWER)
    common = differences.defined.sum(axis=(1, 2, 3))
    dropped = _dropped(observations, pairs)
    verdicts = []
    for n, pair in enumerate(pairs):
        a, b = (observations.systems[k] for k in (pair if not means[n] < 0 else pair[::-1]))
        difference = abs(float(means[n]))
        adjusted = min(1.0, float(p[n] * factors[n]))
        verdicts.append(
            Verdict(
                a=a,
                b=b,
                unit=observations.unit,
                difference=difference,
                lower=difference - float(half_widths[n]),
                upper=difference + float(half_widths[n]),
                p=float(p[n]),
                p_adjusted=adjusted,
                distinguishable=adjusted <= alpha,
                smallest_detectable=float(detectable[n]),
                n_utterances=int(common[n]),
                n_dropped=int(dropped[n]),
            )
        )
    return tuple(verdicts)


def _identical(differences: Samples) -> Bool[np.ndarray, "pairs"]:
    """Which pairs have the same value on every utterance."""
    defined = differences.defined
    return defined.any(axis=(1, 2, 3)) & ~(defined & (differences.values != 0)).any(axis=(1, 2, 3))


def _dropped(observations: Observations, pairs: list[tuple[int, int]]) -> np.ndarray:
    """Values of one system of each pair that the other lacks."""
    defined = Samples(observations.values, observations.weights).defined
    return np.array([np.count_nonzero(defined[first] ^ defined[second]) for first, second in pairs])


def _erratic(observations: Observations, systems: Samples, verdicts: tuple[Verdict, ...]) -> list[str]:
    """A sentence for every better system whose speakers lie much further apart than those of the worse one."""
    of_speakers = np.ma.masked_invalid(systems.of_speakers()).mean(axis=1)
    apart = dict(zip(observations.systems, of_speakers.std(axis=1, ddof=1).filled(0.0), strict=True))
    ratios = {verdict: apart[verdict.a] / apart[verdict.b] for verdict in verdicts if apart[verdict.b] > 0}
    return [
        f"{observations.metric}: {verdict.a} differs {ratio:.1f} times as much between speakers as {verdict.b}; where "
        "a few absent speakers might have spoilt its mean, more speakers should confirm that it is better."
        for verdict, ratio in ratios.items()
        if verdict.distinguishable and ratio > ERRATIC
    ]


def _caveats(observations: Observations, scope: Scope) -> tuple[str, ...]:
    caveats = []
    if len(observations.speakers) == 1:
        caveats.append(f"The only speaker is {observations.speakers[0]}: nothing is said of other speakers.")
    elif scope is Scope.THESE_SPEAKERS:
        n = len(observations.speakers)
        caveats.append(f"The verdicts hold for these {n} speakers: nothing is said of others.")
    n_seeds = (~np.isnan(observations.values).all(axis=(2, 3))).sum(axis=1)
    if (n_seeds <= 1).any():
        which = "Each" if (n_seeds <= 1).all() else "At least one"
        caveats.append(
            f"{which} system was trained with one seed: the verdicts are about these trained models, and another seed "
            "may turn them."
        )
    return tuple(caveats)
