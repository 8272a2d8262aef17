"""What one choice of an axis gains over another, averaged over all choices of the other axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float

from metrics.statistics.contrasts import Contrasts, Reach, contrasts, headline
from metrics.statistics.variance_components import Components
from vits.errors import InputError

MOST_LEVELS = 12  # of which all subsets are tried to find the largest balanced part; beyond, the levels as they come

Levels = Mapping[str, Mapping[str, str]]
Context = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SimpleEffect:
    """The same difference with one choice of the other axes, which `context` names by axis."""

    context: Context
    estimate: float
    lower: float
    upper: float

    @property
    def sure_sign(self) -> int:
        """1 or -1 where the interval leaves out 0."""
        return int(self.lower > 0) - int(self.upper < 0)


@dataclass(frozen=True)
class Effect:
    """By how much level `a` of an axis is better than level `b`, on average over `simple`'s contexts.

    `lower` and `upper` hold at once for all pairs of levels of the axis. `differs` says that simple effects differ
    by more than the margin, and by more than chance brings about; `changes_sign` that in some context the sign is
    surely the opposite of the average's, or of another context's.
    """

    axis: str
    a: str
    b: str
    unit: str
    reach: Reach
    estimate: float
    lower: float
    upper: float
    simple: tuple[SimpleEffect, ...]
    differs: bool

    @property
    def opposite(self) -> tuple[SimpleEffect, ...]:
        """The simple effects whose sign is surely not the average's."""
        sign = 1 if self.estimate > 0 else -1
        return tuple(effect for effect in self.simple if effect.sure_sign == -sign)

    @property
    def changes_sign(self) -> bool:
        """Whether the average hides that the answer depends on the other axes."""
        return bool(self.opposite)


@dataclass(frozen=True)
class BalancedPart:
    """The levels of an axis that all occur in the same contexts, and those contexts."""

    axis: str
    levels: tuple[str, ...]
    contexts: tuple[Context, ...]


def effects(
    parts: Components, levels: Levels, margin: float, *, alpha: float = 0.05, reach: Reach | None = None
) -> tuple[Effect, ...]:
    """All pairs of levels of every axis that has two levels in a common context; larger differences first.

    The levels' means over the other axes' named levels, on the balanced part of the grid: no level is averaged over
    company that another one lacks (Yates 1934, "The analysis of multiple classifications with unequal numbers in
    the different classes", JASA 29; Searle 1987, "Linear Models for Unbalanced Data", on unweighted means). An
    axis's intervals hold at once, by Bonferroni's inequality over its pairs, and so do a pair's simple effects.

    Raises:
        InputError: a system lacks an axis that another one has, or isn't in `levels`.
    """
    reach = reach or headline(parts)
    found = []
    for part in balanced_parts(parts.systems, levels):
        pairs = list(combinations(part.levels, 2))
        found += [_effect(parts, levels, part, pair, margin, alpha, len(pairs), reach) for pair in pairs]
    return tuple(sorted(found, key=lambda effect: -effect.estimate))


def balanced_parts(systems: Sequence[str], levels: Levels) -> tuple[BalancedPart, ...]:
    """For each axis the levels and contexts that occur together, as many systems as possible.

    Raises:
        InputError: as for `effects`.
    """
    axes = _axes(systems, levels)
    parts = []
    for axis in axes:
        of_level: dict[str, set[Context]] = {}
        for system in systems:
            of_level.setdefault(levels[system][axis], set()).add(_context(levels[system], axis))
        best = max(_subsets(list(of_level)), key=lambda some: len(some) * len(_common(of_level, some)), default=())
        contexts = tuple(sorted(_common(of_level, best))) if best else ()
        if contexts:
            parts.append(BalancedPart(axis, tuple(best), contexts))
    return tuple(parts)


def _effect(
    parts: Components,
    levels: Levels,
    part: BalancedPart,
    pair: tuple[str, str],
    margin: float,
    alpha: float,
    n_pairs: int,
    reach: Reach,
) -> Effect:
    simple = np.stack([_weights(parts.systems, levels, part.axis, pair, context) for context in part.contexts])
    average = contrasts(parts, simple.mean(axis=0, keepdims=True), reach)
    each = contrasts(parts, simple, reach)
    if average.estimates[0] < 0:
        return _effect(parts, levels, part, (pair[1], pair[0]), margin, alpha, n_pairs, reach)
    lower, upper = (float(bound[0]) for bound in average.intervals(alpha / n_pairs))
    bounds = np.stack(each.intervals(alpha / len(simple)), axis=1)
    return Effect(
        part.axis,
        *pair,
        parts.scores.scale.unit,
        reach,
        float(average.estimates[0]),
        lower,
        upper,
        tuple(
            SimpleEffect(context, float(estimate), float(low), float(high))
            for context, estimate, (low, high) in zip(part.contexts, each.estimates, bounds, strict=True)
        ),
        _differ(parts, simple, each, margin, alpha, reach),
    )


def _differ(
    parts: Components,
    simple: Float[np.ndarray, "contexts systems"],
    each: Contrasts,
    margin: float,
    alpha: float,
    reach: Reach,
) -> bool:
    """Whether any two simple effects differ by more than the margin, and surely differ at all."""
    if len(simple) == 1:
        return False
    first, second = np.triu_indices(len(simple), 1)
    between = contrasts(parts, simple[first] - simple[second], reach)
    apart = np.abs(each.estimates[first] - each.estimates[second])
    return bool(((apart > margin) & (apart > between.half_widths(alpha / len(first)))).any())


def _weights(
    systems: Sequence[str], levels: Levels, axis: str, pair: tuple[str, str], context: Context
) -> Float[np.ndarray, "systems"]:
    own = [levels[system][axis] if _context(levels[system], axis) == context else None for system in systems]
    chosen = np.array([[level == one for level in own] for one in pair], dtype=np.float64)
    first, second = chosen / chosen.sum(axis=1, keepdims=True)
    return first - second


def _axes(systems: Sequence[str], levels: Levels) -> tuple[str, ...]:
    """The axes of which systems have two levels or more."""
    unknown = [system for system in systems if system not in levels]
    if unknown:
        raise InputError(f"the axes' levels of {unknown[0]} aren't given; name the level on each axis of every system")
    axes = tuple(levels[systems[0]])
    for system in systems:
        if set(levels[system]) != set(axes):
            have = ", ".join(levels[system])
            raise InputError(f"{system} has the axes {have}, but {systems[0]} has {', '.join(axes)}; give all to both")
    return tuple(axis for axis in axes if len({levels[system][axis] for system in systems}) > 1)


def _context(of_system: Mapping[str, str], axis: str) -> Context:
    return tuple((name, level) for name, level in sorted(of_system.items()) if name != axis)


def _subsets(names: Sequence[str]) -> list[tuple[str, ...]]:
    if len(names) > MOST_LEVELS:
        return [tuple(names)]
    return [some for size in range(len(names), 1, -1) for some in combinations(names, size)]


def _common(of_level: Mapping[str, set[Context]], some: Sequence[str]) -> set[Context]:
    return set.intersection(*(of_level[level] for level in some))
