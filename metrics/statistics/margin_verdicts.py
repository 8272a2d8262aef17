"""Better, worse, equal for all practical purposes, or undecided, and then what would decide."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri, stdtrit

from metrics.statistics.closed_tests import closed_level
from metrics.statistics.contrasts import Contrasts, Reach, contrasts, headline
from metrics.statistics.variance_components import Components
from vits.common.errors import InputError

POWER = 0.8
MOST_TIMES = 64  # as many sentences, seeds or voices as there are; more is no advice


class Outcome(Enum):
    """What scores say of a system beside another one."""

    BETTER = "better"
    WORSE = "worse"
    EQUAL = "equal within the margin"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Needed:
    """What would decide with 80 %, each alone, if the difference is as it seems; None where it wouldn't do."""

    sentences_per_voice: int | None
    seeds: int | None
    voices: int | None


@dataclass(frozen=True)
class MarginVerdict:
    """A system beside the reference: by how much it is better (below 0: worse), and what follows.

    `lower` and `upper` leave out 0 where it is better or worse. Where it is equal, they lie within the margin, and
    are those of the two one-sided tests. `by_more_than_margin` says that the whole interval lies beyond the margin.
    `needed` is None where there is nothing left to decide.
    """

    system: str
    reference: str
    unit: str
    reach: Reach
    margin: float
    estimate: float
    lower: float
    upper: float
    outcome: Outcome
    needed: Needed | None

    @property
    def by_more_than_margin(self) -> bool:
        return self.lower > self.margin or self.upper < -self.margin


def against(
    parts: Components,
    reference: str,
    margin: float,
    *,
    alpha: float = 0.05,
    reach: Reach | None = None,
    reference_was_chosen: bool = True,
) -> tuple[MarginVerdict, ...]:
    """All other systems beside one of them, in their order; no verdict is false with more than `alpha`.

    Equivalence by two one-sided tests (Schuirmann 1987, J. Pharmacokinet. Biopharm. 15), corrected for the k - 1
    others by closing (`closed_tests`): where all are equal at `alpha`, all are called so, and one that surely isn't
    costs the others a half. A system can't both differ by more than the margin and not at all, so the tests of
    difference, two-sided, share nothing with those. A reference that was chosen for these very scores looks better
    than it is: tests of difference are then corrected for all pairs it might have come from. It makes no system look
    equal that isn't, beyond what the k - 1 allow for, as whoever is wrongly chosen is nearly the best.

    Raises:
        InputError: no such reference, or a margin that isn't positive.
    """
    if reference not in parts.systems:
        raise InputError(f"no scores of {reference!r}; take one of: {'; '.join(parts.systems)}")
    if not margin > 0:
        raise InputError(f"margin={margin} must be positive, in {parts.scores.scale.unit}")
    reach = reach or headline(parts)
    n, place = len(parts.systems), parts.systems.index(reference)
    others = [k for k in range(n) if k != place]
    if not others:
        return ()
    weights = np.eye(n)[others] - np.eye(n)[place]
    found = contrasts(parts, weights, reach)
    apart_alpha = alpha / (n * (n - 1) / 2 if reference_was_chosen else n - 1)
    levels = _equal_at(found, margin, alpha)
    verdicts = []
    for row, k in enumerate(others):
        is_equal = levels[row] > 0
        bounds = found.intervals(2 * levels[row] if is_equal else apart_alpha)
        lower, upper = (float(bound[row]) for bound in bounds)
        outcome = Outcome.EQUAL if is_equal else _outcome(lower, upper)
        undecided = outcome is Outcome.UNDECIDED
        known = parts.layer(weights[row])
        needed = _needed(known, found, row, margin, apart_alpha, 2 * alpha / (n - 1), reach) if undecided else None
        unit, estimate = parts.scores.scale.unit, float(found.estimates[row])
        verdicts.append(
            MarginVerdict(parts.systems[k], reference, unit, reach, margin, estimate, lower, upper, outcome, needed)
        )
    return tuple(verdicts)


def _equal_at(found: Contrasts, margin: float, alpha: float) -> Float[np.ndarray, "contrasts"]:
    """The one-sided level at which each difference is shown to lie within the margin; 0 where it isn't."""
    inside = margin - np.abs(found.estimates)
    p = np.where(inside > 0, found.uncertainty.p(np.maximum(inside, 0.0)) / 2, 1.0)
    level = closed_level(p, alpha)
    return np.where(p <= level, level, 0.0)


def _outcome(lower: float, upper: float) -> Outcome:
    if lower > 0:
        return Outcome.BETTER
    return Outcome.WORSE if upper < 0 else Outcome.UNDECIDED


@dataclass(frozen=True)
class _Times:
    """So many times as many of each."""

    sentences: int | float = 1
    seeds: int | float = 1
    voices: int | float = 1


def _needed(
    parts: Components, found: Contrasts, row: int, margin: float, apart: float, equal: float, reach: Reach
) -> Needed:
    """How many of each would make the interval narrow enough for the easier of the two decisions.

    Sources shrink in proportion to their number; quantiles are taken to stay, so this errs to the safe side.
    """
    variances, df = found.uncertainty.variances[:, row], found.uncertainty.df[:, row]
    if not found.uncertainty.testable[row]:
        return Needed(None, None, None)
    n_seeds, n_voices = int(parts.n_seeds.max()), len(parts.scores.speakers)
    per_voice = math.ceil(len(parts.scores.weights) / n_voices)
    by_chance = _chance_of_pair(parts, reach) / max(n_seeds, 1)
    estimate = abs(float(found.estimates[row]))

    def decides(times: _Times) -> bool:
        shrunk = _shrunk(variances, by_chance, times, reach)
        spare = -ndtri(1 - POWER) * math.sqrt(shrunk.sum())
        equal_half, apart_half = (math.sqrt(float(stdtrit(df, level / 2) ** 2 @ shrunk)) for level in (equal, apart))
        return bool(equal_half + spare <= margin - estimate or apart_half + spare <= estimate)

    return Needed(
        _first(lambda t: decides(_Times(sentences=t)), per_voice),
        None if reach is Reach.TRAINED_VOICES else _first(lambda t: decides(_Times(seeds=t)), n_seeds),
        _first(lambda t: decides(_Times(voices=t)), n_voices),
    )


def _shrunk(
    variances: Float[np.ndarray, "sources"], by_chance: float, times: _Times, reach: Reach
) -> Float[np.ndarray, "sources"]:
    """What the sources, in the order of `contrasts`, are left with."""
    if reach is Reach.VOICES_LIKE_THESE:
        factors = np.array([1 / times.voices, 1 / times.sentences, 1 / times.seeds])
        return variances * factors[: len(variances)]
    chance = min(by_chance, float(variances[0]))
    spoken = (variances[0] - chance + chance / times.seeds) / (times.sentences * times.voices)
    return np.array([spoken, *(variances[1:] / times.seeds)])


def _chance_of_pair(parts: Components, reach: Reach) -> float:
    """Twice the chance of single utterances in a training's mean, 0 where it isn't known."""
    known = parts.knows_seeds and reach is Reach.THESE_VOICES
    return 2 * float(parts.seeds.chance.mean()) if known else 0.0


def _first(decides: Callable[[int | float], bool], present: int) -> int | None:
    """The smallest number above `present` that decides."""
    if not decides(MOST_TIMES):
        return None
    few, many = present, present * MOST_TIMES
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if decides(middle / present) else (middle, many)
    return many
