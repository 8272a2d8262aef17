"""Which systems of a field can't become the best any more, however long they are trained on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from metrics.statistics.contrasts import Reach, contrasts
from metrics.statistics.variance_components import Components
from vits.common.errors import InputError


@dataclass(frozen=True)
class Behind:
    """A system that is shown to end below another one: by so much at least, in the metric's unit."""

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
    leaders: Collection[str] | None = None,
) -> tuple[Behind, ...]:
    """The systems that won't be the best after `end` steps, by what all of them reached at two stages or more.

    `parts` has every system at every stage, by the name that `at_stage` gives it. `leaders` are the systems that others
    may be behind of, all by default.

    What is promised: with `1 - alpha` at least, the system that would end best isn't among them, so nothing that is
    named would end better than the best of the others. It is about these trainings with the seeds that they have, and
    about other sentences like those that they are judged on. What is assumed: from the last stage but one on, a named
    system gains no more per step than it did between the last two stages (its curve is concave), and its leader, of
    which the best stage is kept, ends no lower than it stands. Curves that rise ever more slowly may cross as they
    like; one that rises in a second stride later, as when a part is unfrozen late, breaks it. The bound by the last
    slope is that of Sabharwal, Samulowitz and Tesauro (2016, "Selecting near-optimal learners via incremental data
    allocation", AAAI), with the chance of sentences added.

    A system is named if a leader is shown to be better than each of its stages and than where the last slope would
    take it: all of these at once, which needs no correction (an intersection-union test). The true best is compared
    with k - 1 others, which share `alpha` one-sided, as in `best_set`. Who asks at several stages divides `alpha`.

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
    times = (end - stages[-1]) / (stages[-1] - stages[-2])
    lower = _lower_bounds(parts, systems, stages, times, alpha / (len(systems) - 1))
    if leaders is not None:
        lower[[system not in leaders for system in systems]] = -np.inf
    return tuple(_behind(systems, lower))


def _behind(systems: Sequence[str], bounds: Float[np.ndarray, "systems systems"]) -> Iterator[Behind]:
    """Those whom somebody leads surely, and who leads them most."""
    for place, system in enumerate(systems):
        leader = int(bounds[:, place].argmax())
        if bounds[leader, place] > 0:
            yield Behind(system, systems[leader], float(bounds[leader, place]))


def _lower_bounds(
    parts: Components, systems: Sequence[str], stages: Sequence[int], times: float, alpha: float
) -> Float[np.ndarray, "systems systems"]:
    """By how much each system (rows), as it stands, is at least better than each other will ever be.

    `times` is what is left of the training as a multiple of the steps between the last two stages.
    """
    k, n_stages = len(systems), len(stages)
    place = {name: column for column, name in enumerate(parts.systems)}
    columns = np.array([[place[at_stage(system, step)] for step in stages] for system in systems])
    reached = np.eye(len(parts.systems))[columns]
    rising = reached[:, -1] + times * (reached[:, -1] - reached[:, -2])
    best_of_other = np.concatenate([reached, rising[:, None]], axis=1)
    weights = reached[:, -1][:, None, None] - best_of_other[None]
    found = contrasts(parts, weights.reshape(-1, len(parts.systems)), Reach.TRAINED_VOICES)
    lower = (found.estimates - found.half_widths(2 * alpha)).reshape(k, k, n_stages + 1).min(axis=2)
    lower[np.eye(k, dtype=bool)] = -np.inf
    return lower
