"""What each system costs, and the ranking after the same expense."""

from __future__ import annotations

import math

from runners.reporting.analysis import Analysis
from runners.reporting.document import Entry, Section, Table
from runners.reporting.equal_cost import EqualCost, at_equal_cost, cost_of, knows_costs, seconds_name, training_s
from runners.reporting.naming import title, with_direction
from runners.reporting.numbers import NONE, interval, percent, plain
from runners.reporting.results import System

KIB, MIB = 2**10, 2**20


def cost_section(analysis: Analysis) -> Section | None:
    """A table of costs, and where systems can be compared at equal cost a second ranking."""
    experiment = analysis.experiment
    if not knows_costs(experiment):
        return None
    seconds = seconds_name(experiment)
    equal = at_equal_cost(experiment, analysis.verdicts)
    tables = (*((_ranking(analysis, equal, seconds),) if equal else ()), _costs(analysis, seconds))
    heading = "At equal training cost" if equal else "What it costs"
    return Section("cost", heading, (), tables)


def _ranking(analysis: Analysis, equal: EqualCost, seconds: str) -> Table:
    aim = title(equal.metric)
    rows = tuple(
        (
            Entry(level.system),
            Entry(f"{equal.steps[level.system]:.0f}"),
            Entry(
                plain(level.mean, 3),
                interval(level.lower, level.upper, 3),
                is_strong=level.system in equal.best.systems,
            ),
            Entry(plain(equal.best.cost(level.system), 3)),
        )
        for level in equal.levels
    )
    level = percent(analysis.settings.level)
    notes = (
        f"After {equal.budget_s:,.0f} {seconds} of training, which is all that the cheapest system took; on validation "
        "sentences, in a straight line between two stages, seconds spread evenly over a training's steps. In brackets: "
        f"{level} intervals, each for itself. Strong: may be the best. “Costs at most” holds with {level} for all.",
    )
    columns = ("system", "steps by then", with_direction(equal.metric), f"costs at most ({aim})")
    return Table(f"The best after {equal.budget_s:,.0f} {seconds} first", columns, rows, notes=notes)


def _costs(analysis: Analysis, seconds: str) -> Table:
    rows = tuple(
        (
            Entry(label),
            Entry(_number(training_s(analysis.experiment, system))),
            Entry(_number(cost_of(system, "evaluation_s"))),
            Entry(plain(cost_of(system, "real_time_factor"), 3)),
            Entry(_size(system)),
        )
        for label, system in analysis.systems.items()
    )
    notes = (
        "Means over the seeds. The real-time factor is the seconds of computing that a second of speech takes, on the "
        "machine that trained it. A voice's size is what it needs beside the base: its row and all that was trained.",
    )
    columns = ("system", f"training ({seconds})", "evaluation (s)", "real-time factor", "size of a voice")
    return Table("What each system costs", columns, rows, notes=notes)


def _number(seconds: float) -> str:
    return f"{seconds:,.0f}" if math.isfinite(seconds) else NONE


def _size(system: System) -> str:
    size = cost_of(system, "voice_bytes")
    if not math.isfinite(size):
        return NONE
    return f"{size / MIB:,.1f} MiB" if size >= MIB else f"{size / KIB:,.1f} KiB"
