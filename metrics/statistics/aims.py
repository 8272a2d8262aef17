"""One recommendation from several aims, with what is shown of it and what merely isn't refuted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from metrics.statistics.best_set import BestSet, best_set, shown_worse
from metrics.statistics.contrasts import Reach, contrasts, headline
from metrics.statistics.variance_components import Components
from vits.common.errors import InputError


class Standing(Enum):
    """How sure a clause of the recommendation is."""

    SHOWN = "shown"
    NOT_REFUTED = "not refuted"
    REFUTED = "refuted"
    """Shown to be false; no system met it, and the recommendation is made without it."""


@dataclass(frozen=True)
class Guard:
    """What the recommended system must not lose more than `margin` of: beside the best, or beside `reference`."""

    metric: str
    margin: float
    reference: str | None = None

    def __post_init__(self) -> None:
        if not self.margin > 0:
            raise InputError(f"guard on {self.metric}: margin={self.margin} must be positive")


@dataclass(frozen=True)
class Aim:
    """The best by `metric`, among systems that aren't shown to miss a guard.

    `margin` is by how much systems may differ in it and still be equal enough for the smaller one to be taken.
    `second_judge` decides where a system that may be the best was taught by the first one.
    """

    metric: str
    margin: float
    guards: tuple[Guard, ...] = ()
    second_judge: str | None = None
    second_margin: float = 0.01


@dataclass(frozen=True)
class Clause:
    """One thing that is said of the recommended system: it loses at most `costs_at_most` beside `beside`.

    The aim's own clause is beside the best of all systems that truly meet the guards.
    """

    metric: str
    beside: str
    margin: float
    costs_at_most: float
    standing: Standing


@dataclass(frozen=True)
class Recommendation:
    """What to use, and why.

    `rivals` are those that may be the best of all that the guards leave, and `excluded` says of others by which guard
    they fell. `decided_by` is the metric of the judge that decided. `clauses` begin with the aim itself; the
    bounds of all of them hold at once. `best_sets` are of the aim's judges, among the systems that the guards leave.
    """

    system: str
    reach: Reach
    decided_by: str
    took_the_smaller: bool
    rivals: tuple[str, ...]
    excluded: Mapping[str, str]
    clauses: tuple[Clause, ...]
    best_sets: Mapping[str, BestSet] = field(repr=False)


def recommend(
    metrics: Mapping[str, Components],
    aim: Aim,
    trained_parameters: Mapping[str, int],
    *,
    taught_by_judge: Collection[str] = (),
    alpha: float = 0.05,
    reach: Reach | None = None,
) -> Recommendation:
    """The system to use, by the aim; `metrics` are its scores, for guards with a reference with the reference's.

    All metrics of the aim share `alpha`, and every bound is simultaneous over systems, so that choosing by the same
    scores leaves it true (`best_set`). A system without scores in the aim's metric is never recommended. A guard
    that would leave no system at all is dropped, and its clause says `REFUTED`. Systems whose loss is at most the
    aim's margin are equal enough: the one with the fewest trained parameters is taken.

    Raises:
        InputError: a metric of the aim has no scores, or a system no number of parameters.
    """
    used = list(dict.fromkeys([aim.metric, *(g.metric for g in aim.guards), *filter(None, [aim.second_judge])]))
    missing = [name for name in used if name not in metrics]
    if missing:
        raise InputError(f"the aim asks for {missing[0]}, which wasn't scored; there are {', '.join(metrics)}")
    reach = reach or headline(metrics[aim.metric])
    share = alpha / len(used)
    allowed, excluded, unmet = guarded(metrics, aim.metric, aim.guards, share, reach)
    judged = {name: best_set(metrics[name], alpha=share, reach=reach, among=allowed) for name in _judges(aim)}
    judge, margin = _deciding(judged[aim.metric], aim, taught_by_judge)
    rivals = judged[aim.metric].systems
    choices = allowed if judge == aim.metric else rivals
    system, smaller = _choose(judged[judge], choices, margin, trained_parameters)
    clauses = [_clause(judged[aim.metric].cost(system), Guard(aim.metric, aim.margin), False)]
    for guard in aim.guards:
        cost = _cost(metrics[guard.metric], guard, system, share, reach)
        clauses.append(_clause(cost, guard, guard in unmet))
    return Recommendation(system, reach, judge, smaller, rivals, excluded, tuple(clauses), judged)


def guarded(
    metrics: Mapping[str, Components], aim: str, guards: Sequence[Guard], alpha: float, reach: Reach
) -> tuple[tuple[str, ...], dict[str, str], tuple[Guard, ...]]:
    """The systems that no guard excludes, by which guard each other one fell, and the guards that none would meet.

    A system that a guard's metric has no scores of is not excluded by it.
    """
    allowed, excluded, unmet = list(metrics[aim].systems), {}, []
    for guard in guards:
        parts = metrics[guard.metric]
        if guard.reference is None:
            failing = shown_worse(parts, guard.margin, alpha=alpha, reach=reach)
        else:
            failing = _shown_worse_than(parts, guard, alpha, reach)
        left = [system for system in allowed if system not in failing]
        if not left:
            unmet.append(guard)
            continue
        excluded |= {system: guard.metric for system in allowed if system in failing}
        allowed = left
    return tuple(allowed), excluded, tuple(unmet)


def _judges(aim: Aim) -> tuple[str, ...]:
    return (aim.metric, aim.second_judge) if aim.second_judge else (aim.metric,)


def _deciding(first: BestSet, aim: Aim, taught: Collection[str]) -> tuple[str, float]:
    """The judge that decides among those that may be the best, and how much is equal enough by it."""
    if aim.second_judge and set(first.systems) & set(taught):
        return aim.second_judge, aim.second_margin
    return aim.metric, aim.margin


def _choose(judged: BestSet, choices: Collection[str], margin: float, trained: Mapping[str, int]) -> tuple[str, bool]:
    """The best, or the smallest of those that are equal enough, and whether that is another one."""
    unknown = [system for system in choices if system not in trained]
    if unknown:
        raise InputError(f"the number of trained parameters of {unknown[0]} isn't given; give it for every system")
    behind = {candidate.system: candidate.behind for candidate in judged.candidates}
    best = min(choices, key=lambda system: behind[system])
    equal = [system for system in choices if judged.cost(system) <= margin]
    chosen = min(equal, key=lambda system: (trained[system], behind[system]), default=best)
    return chosen, chosen != best


def _clause(cost: float, guard: Guard, unmet: bool) -> Clause:
    standing = Standing.REFUTED if unmet else Standing.SHOWN if cost <= guard.margin else Standing.NOT_REFUTED
    return Clause(guard.metric, guard.reference or "the best", guard.margin, cost, standing)


def _cost(parts: Components, guard: Guard, system: str, alpha: float, reach: Reach) -> float:
    """The most that this system loses beside the best, or beside the guard's reference."""
    if guard.reference is None:
        return best_set(parts, alpha=alpha, reach=reach).cost(system)
    lost, half = _lost(parts, guard, alpha, reach)
    return min(max(0.0, lost[system] + half[system]), parts.scores.scale.widest)


def _shown_worse_than(parts: Components, guard: Guard, alpha: float, reach: Reach) -> frozenset[str]:
    lost, half = _lost(parts, guard, alpha, reach)
    return frozenset(system for system in lost if lost[system] - half[system] > guard.margin)


def _lost(parts: Components, guard: Guard, alpha: float, reach: Reach) -> tuple[dict[str, float], dict[str, float]]:
    """What each system loses beside the reference, and half the interval of all of them at once."""
    if guard.reference not in parts.systems:
        raise InputError(f"{guard.metric}: no scores of the reference {guard.reference!r}; score it on that set too")
    n, place = len(parts.systems), parts.systems.index(guard.reference)
    others = [k for k in range(n) if k != place]
    found = contrasts(parts, np.eye(n)[place] - np.eye(n)[others], reach)
    names = [parts.systems[k] for k in others]
    half = found.half_widths(2 * alpha / max(len(others), 1))
    lost = dict(zip(names, map(float, found.estimates), strict=True))
    return lost, dict(zip(names, map(float, half), strict=True))
