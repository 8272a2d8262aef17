"""What one choice of an axis gains over another, averaged over all choices of the other axes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from jaxtyping import Float

from metrics.statistics.contrasts import Reach, contrasts, headline
from metrics.statistics.variance_components import Components
from vits.common.errors import InputError

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


@dataclass(frozen=True)
class _Test:
    """Which pair of levels is compared, and how."""

    a: str
    b: str
    margin: float
    alpha: float
    reach: Reach


def effects(
    parts: Components, levels: Levels, margin: float, *, alpha: float = 0.05, reach: Reach | None = None
) -> tuple[Effect, ...]:
    """All pairs of levels of every axis that has two levels in a common context; larger differences first.

    The levels' means over the other axes' named levels, on the balanced part of the grid: no level is averaged over
    company that another one lacks (Yates 1934, "The analysis of multiple classifications with unequal numbers in
    the different classes", JASA 29; Searle 1987, "Linear Models for Unbalanced Data", on unweighted means). An
    axis's intervals hold at once, by Bonferroni's inequality over its pairs, and so do a pair's simple effects.

    Raises:
        InputError: a system lacks an axis that another one has, isn't in `levels`, or is at the levels of another.
    """
    reach = reach or headline(parts)
    found = []
    for part in balanced_parts(parts.systems, levels):
        place = {(level, context): k for k, level, context in _places(parts.systems, levels, part.axis)}
        eye = np.eye(len(parts.systems))
        for a, b in combinations(part.levels, 2):
            simple = [eye[place[a, context]] - eye[place[b, context]] for context in part.contexts]
            found.append(_effect(parts, np.stack(simple), part, _Test(a, b, margin, alpha, reach)))
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
        for _, level, context in _places(systems, levels, axis):
            of_level.setdefault(level, set()).add(context)
        best = max(_subsets(list(of_level)), key=lambda some: len(some) * len(_common(of_level, some)), default=())
        contexts = tuple(sorted(_common(of_level, best))) if best else ()
        if contexts:
            parts.append(BalancedPart(axis, tuple(best), contexts))
    return tuple(parts)


def _effect(
    parts: Components, simple: Float[np.ndarray, "contexts systems"], part: BalancedPart, test: _Test
) -> Effect:
    """One pair of levels; `simple` are the contrasts in each context, the first level less the second."""
    n = len(simple)
    first, second = np.triu_indices(n, 1)
    weights = np.concatenate([simple.mean(axis=0, keepdims=True), simple, simple[first] - simple[second]])
    found = contrasts(parts, weights, test.reach)
    if found.estimates[0] < 0:
        return _effect(parts, -simple, part, replace(test, a=test.b, b=test.a))
    alphas = np.repeat(
        [test.alpha / math.comb(len(part.levels), 2), test.alpha / n, test.alpha / max(len(first), 1)],
        [1, n, len(first)],
    )
    half, widest = found.half_widths(alphas), found.scale.widest
    lower, upper = np.maximum(found.estimates - half, -widest), np.minimum(found.estimates + half, widest)
    apart = np.abs(found.estimates[n + 1 :])
    bounds = [(float(e), float(low), float(high)) for e, low, high in zip(found.estimates, lower, upper, strict=True)]
    return Effect(
        part.axis,
        test.a,
        test.b,
        found.scale.unit,
        test.reach,
        *bounds[0],
        tuple(SimpleEffect(context, *bound) for context, bound in zip(part.contexts, bounds[1 : n + 1], strict=True)),
        bool(((apart > test.margin) & (apart > half[n + 1 :])).any()),
    )


def _places(systems: Sequence[str], levels: Levels, axis: str) -> Iterator[tuple[int, str, Context]]:
    for k, system in enumerate(systems):
        yield k, levels[system][axis], _context(levels[system], axis)


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
    points = [tuple(sorted(levels[system].items())) for system in systems]
    if len(set(points)) < len(points):
        twice = next(system for place, system in enumerate(systems) if points[place] in points[:place])
        raise InputError(f"{twice} is at the same levels as another system; name the axis on which they differ")
    return tuple(axis for axis in axes if len({levels[system][axis] for system in systems}) > 1)


def _context(of_system: Mapping[str, str], axis: str) -> Context:
    return tuple((name, level) for name, level in sorted(of_system.items()) if name != axis)


def _subsets(names: Sequence[str]) -> list[tuple[str, ...]]:
    if len(names) > MOST_LEVELS:
        return [tuple(names)]
    return [some for size in range(len(names), 1, -1) for some in combinations(names, size)]


def _common(of_level: Mapping[str, set[Context]], some: Sequence[str]) -> set[Context]:
    return set.intersection(*(of_level[level] for level in some))
