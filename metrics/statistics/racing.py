"""Which systems of a field can't become the best any more, however long they are trained on."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from metrics.statistics.contrasts import Reach, contrasts
from metrics.statistics.variance_components import Components
from vits.common.errors import InputError

LEAST_GROWTH, MOST_GROWTH = 1.0, 2.0  # of what a doubling of the steps may bring, as a multiple of the one before
DOUBT = 1.25  # how much less than it seems a slope may have fallen


@dataclass(frozen=True)
class Behind:
    """A system that is shown to end below another one: by so much at least, in the metric's unit. Below 0, but above
    the negative margin, where it may end a little better."""

    system: str
    leader: str
    at_least: float


def at_stage(system: str, step: int) -> str:
    """What a system at one of its stages is called among the systems that `behind` compares."""
    return f"{system} @ {step}"


def behind(
    parts: Components,
    systems: Sequence[str],
    stages: Sequence[int],
    end: int,
    *,
    alpha: float = 0.05,
    margin: float = 0.0,
    leaders: Collection[str] | None = None,
    relied_on: Collection[str] = (),
) -> tuple[Behind, ...]:
    """The systems that won't be better than the best of the others by more than `margin` after `end` steps, by what
    all of them reached at two stages or more.

    `parts` has every system at every stage, by the name that `at_stage` gives it. `leaders` are the systems that others
    may be behind of, all by default. Those in `relied_on`, behind whom others fell before, must be behind without a
    margin, so that margins don't add up.

    What is promised: with `1 - alpha` at least, nothing that is named would end better than the best of the others by
    more than `margin`. It is about these trainings with the seeds that they have, and about other sentences like those
    that they are judged on. What is assumed: with each doubling of the steps a named system's slope falls as much as it
    fell between its last two strides, or by half; and its leader, of which the best stage is kept, ends no lower than
    it stands. So a doubling brings at most twice what the last one brought to a system that still rises on a straight
    line, and at most the same to one that bends. Curves that go to their limits as `exp(-step / pace)` may cross as
    they like: their slopes fall faster with every doubling. One that rises in a second stride later, as when a part is
    unfrozen late, breaks it. A bound by the last slope is that of Sabharwal, Samulowitz and Tesauro (2016, "Selecting
    near-optimal learners via incremental data allocation", AAAI), who let nothing fall; the chance of sentences is
    added. How much a slope fell is an estimate, whose chance is met by a factor alone (`DOUBT`): `benchmarks/racing.py`
    shows that the promise is kept.

    A system is named if a leader that stays is shown to be better, less the margin, than each of its stages and than
    where it may rise to: all of these at once, which needs no correction (an intersection-union test). The true best is
    compared with k - 1 others, which share `alpha` one-sided, as in `best_set`. Who asks at several stages divides
    `alpha`.

    Raises:
        InputError: fewer than two stages, not before the end, or a system that has no scores at one.
    """
    if len(stages) < 2 or any(np.diff([*stages, end]) <= 0):
        raise InputError(f"stages={list(stages)} must be two or more that rise, and lie before the end, {end}")
    missing = {at_stage(system, step) for system in systems for step in stages} - set(parts.systems)
    if missing:
        raise InputError(f"{parts.scores.scale.metric}: not scored: {', '.join(sorted(missing))}; leave them out")
    if len(systems) < 2:
        return ()
    columns = _columns(parts, systems, stages)
    growths = growths_of(parts.scores.scale.sign * parts.means[columns], stages)
    strides = np.array([strides_left(stages[-2], stages[-1], end, growth) for growth in growths])
    lower = _lower_bounds(parts, columns, strides, alpha / (len(systems) - 1))
    if leaders is not None:
        lower[[system not in leaders for system in systems]] = -np.inf
    needed = np.array([0.0 if system in relied_on else -margin for system in systems])
    standing = parts.scores.scale.sign * parts.means[columns[:, -1]]
    found = {each.system: each for each in _behind(systems, lower, needed, np.argsort(-standing, kind="stable"))}
    return tuple(found[system] for system in systems if system in found)


def growths_of(values: Float[np.ndarray, "systems stages"], stages: Sequence[int]) -> Float[np.ndarray, "systems"]:
    """What the next doubling of the steps may bring, as a multiple of the last one: twice the share of its slope that
    each system kept from its last stride but one to its last, and `DOUBT` times that, within bounds."""
    if len(stages) < 3:
        return np.full(len(values), MOST_GROWTH)
    slopes = np.diff(values[:, -3:], axis=1) / np.diff(stages[-3:])
    kept = np.divide(slopes[:, 1], slopes[:, 0], out=np.full(len(values), np.inf), where=slopes[:, 0] > 0)
    return np.clip(2 * DOUBT * kept, LEAST_GROWTH, MOST_GROWTH)


def strides_left(before: int, now: int, end: int, growth: float) -> float:
    """What may be gained until `end` as a multiple of what the steps from `before` to `now` brought.

    In steps that double `d` times until `end`, that is `growth + growth**2 + ...`, `d` terms, the last one in part;
    strides that are no doublings grow accordingly. From 0 on there is no doubling: what every step brought.
    """
    if before == 0:
        return (end - now) / now
    stride = math.log2(now / before)
    whole, part = divmod(math.log2(end / now) / stride, 1)
    of_stride = growth**stride
    return sum(of_stride**place for place in range(1, int(whole) + 1)) + part * of_stride ** (int(whole) + 1)


def _behind(
    systems: Sequence[str],
    bounds: Float[np.ndarray, "systems systems"],
    needed: Float[np.ndarray, "systems"],
    from_best: Sequence[int] | np.ndarray,
) -> Iterator[Behind]:
    """Those whom somebody who stays leads surely, and who leads them most."""
    staying: list[int] = []
    for place in from_best:
        leader = max(staying, key=lambda other: bounds[other, place], default=place)
        if bounds[leader, place] > needed[place]:
            yield Behind(systems[place], systems[leader], float(bounds[leader, place]))
        else:
            staying.append(place)


def _columns(parts: Components, systems: Sequence[str], stages: Sequence[int]) -> Int[np.ndarray, "systems stages"]:
    place = {name: column for column, name in enumerate(parts.systems)}
    return np.array([[place[at_stage(system, step)] for step in stages] for system in systems])


def _lower_bounds(
    parts: Components,
    columns: Int[np.ndarray, "systems stages"],
    strides: Float[np.ndarray, "systems"],
    alpha: float,
) -> Float[np.ndarray, "systems systems"]:
    """By how much each system (rows), as it stands, is at least better than each other will ever be.

    `columns` are where each system at each stage stands in `parts`; `strides` is how often the gain of its last one may
    come again.
    """
    k, n_stages = columns.shape
    reached = np.eye(len(parts.systems))[columns]
    rising = reached[:, -1] + strides[:, None] * (reached[:, -1] - reached[:, -2])
    best_of_other = np.concatenate([reached, rising[:, None]], axis=1)
    weights = reached[:, -1][:, None, None] - best_of_other[None]
    found = contrasts(parts, weights.reshape(-1, len(parts.systems)), Reach.TRAINED_VOICES)
    lower = (found.estimates - found.half_widths(2 * alpha)).reshape(k, k, n_stages + 1).min(axis=2)
    lower[np.eye(k, dtype=bool)] = -np.inf
    return lower
