"""What racing saves and what it loses: `python benchmarks/racing.py [races=100] [only=crossing,...]`.

On simulated learning curves of twelve systems with five voices, 10 validation and 20 test sentences each: how often
something was dropped that would have ended better than the recommended system, by more than the margin and at all,
how much that was, and which share of the CPU seconds is saved, validation counted. One evaluation costs as much as
`EVALUATION_STEPS` steps.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

import numpy as np

from metrics.statistics.planted_race import PlantedRace, SaturatingCurves
from metrics.statistics.racing import behind
from metrics.statistics.variance_components import components

MARGIN, ALPHA = 0.02, 0.05
TEST_SENTENCES = 20
EVALUATION_STEPS = 24.0  # 50 sentences spoken and scored in 29 s, a step of freeze=decoder in 1.2 s, on two CPU cores
LENGTHS = ((0, 25, 50, 100, 200), (0, 25, 50, 100, 200, 400), (0, 25, 50, 100, 200, 400, 800, 1600))
STRATEGIES = (0.10, 0.16, 0.20, 0.25)  # before training
FREEZES = ((0.58, 120.0), (0.45, 80.0), (0.32, 40.0))  # where training leads, and how fast


def main() -> None:
    options = dict(argument.split("=", 1) for argument in sys.argv[1:])
    races = int(options.get("races", "100"))
    kinds: dict[str, Callable[[np.random.Generator], SaturatingCurves]] = {
        "readme": readme_curves,
        "crossing": crossing_curves,
        "slow": partial(crossing_curves, fastest=30, slowest=1000),  # whose curves tell late where they go
        "any": any_curves,
        "equal": equal_curves,
    }
    print(f"{races} races of 12 systems; promised: in at most {ALPHA:.0%} something better was dropped")
    for name in options.get("only", ",".join(kinds)).split(","):
        for stages in LENGTHS:
            rng = np.random.default_rng(0)
            lost, saved = np.array([race(kinds[name](rng), stages, rng) for _ in range(races)]).T
            print(
                f"  {name:9} {len(stages):2} stages to {stages[-1]}: dropped better by more than {MARGIN:g} in "
                f"{np.mean(lost > MARGIN):.4f}, at all in {np.mean(lost > 0):.4f} (at most {lost.max():.3f}); "
                f"saves {saved.mean():.2f} of the CPU seconds",
                flush=True,
            )


def race(curves: SaturatingCurves, stages: tuple[int, ...], rng: np.random.Generator) -> tuple[float, float]:
    """By how much the best that was dropped would have ended better than the recommended, and the share saved."""
    field, scores, left, leaders = PlantedRace(curves, rng), {}, list(curves.systems), set[str]()
    spent, before, end = 0.0, 0, stages[-1]
    for stage in stages:
        scores[stage] = field.score(stage)
        spent += len(left) * (stage - before + EVALUATION_STEPS)
        before = stage
        if 0 < stage < end:
            parts = components(field.seen(scores, left))
            alpha = ALPHA / (len(stages) - 2)
            found = behind(parts, left, list(scores), end, alpha=alpha, margin=MARGIN, relied_on=leaders)
            leaders |= {fallen.leader for fallen in found}
            left = [system for system in left if system not in {fallen.system for fallen in found}]
    whole = len(curves.systems) * (end + EVALUATION_STEPS * len(stages))
    truth = dict(zip(curves.systems, field.truth(end), strict=True))
    noise = np.hypot(field.spreads.text, field.spreads.chance) / np.sqrt(field.speakers * TEST_SENTENCES)
    tested = {system: truth[system] + noise * rng.standard_normal() for system in left}
    recommended = max(tested, key=lambda system: tested[system])
    dropped = [truth[system] - truth[recommended] for system in curves.systems if system not in left]
    return max(0.0, max(dropped, default=0.0)), 1 - spent / whole


def readme_curves(rng: np.random.Generator) -> SaturatingCurves:
    """Four strategies that start apart and come together, under three freeze policies that lead to other ends."""
    ends = [(start, *freeze) for start in STRATEGIES for freeze in FREEZES]
    starts, limits, paces = np.array(ends).T
    moved = limits + 0.01 * rng.standard_normal(len(ends))
    return SaturatingCurves(tuple(starts), tuple(moved), tuple(paces))


def crossing_curves(rng: np.random.Generator, fastest: float = 15, slowest: float = 250) -> SaturatingCurves:
    """Whoever ends higher rises more slowly, so that all cross; the paces are in steps."""
    limits = np.sort(rng.uniform(0.3, 0.6, 12))
    paces = np.geomspace(fastest, slowest, 12) * rng.uniform(0.8, 1.25, 12)
    return SaturatingCurves(tuple(rng.uniform(0.1, 0.25, 12)), tuple(limits), tuple(paces))


def equal_curves(rng: np.random.Generator) -> SaturatingCurves:
    """All are the same, but for the voices."""
    return SaturatingCurves((0.2,) * 12, (0.5,) * 12, (rng.uniform(20, 200),) * 12)


def any_curves(rng: np.random.Generator) -> SaturatingCurves:
    """Starts, ends and paces that have nothing to do with each other."""
    starts, limits = rng.uniform(0.1, 0.3, 12), rng.uniform(0.3, 0.6, 12)
    return SaturatingCurves(tuple(starts), tuple(limits), tuple(np.exp(rng.uniform(np.log(15), np.log(300), 12))))


if __name__ == "__main__":
    main()
