"""Who was dropped on the way, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence

from runners.reporting.analysis import Analysis
from runners.reporting.document import Entry, Section, Table
from runners.reporting.dropped import DroppedCell
from runners.reporting.naming import title
from runners.reporting.numbers import counted, percent, plain


def race_section(analysis: Analysis) -> Section | None:
    """A table of the cells that a race dropped; they have no test scores, and are ranked nowhere."""
    dropped = analysis.experiment.dropped
    if not dropped:
        return None
    told = (f"{_promise(analysis)} {_saved(dropped)}".strip(),)
    return Section("race", "Dropped by the race", told, (_table(analysis, dropped),))


def _promise(analysis: Analysis) -> str:
    return (
        "These cells were trained until validation sentences showed that they won't become the best any more, or not "
        f"by more than the margin. That holds with {percent(analysis.settings.level)} for all of them, as long as "
        "curves rise ever more slowly. They keep their states: the command of one of them without racing=true goes on "
        "with it."
    )


def _saved(dropped: Sequence[DroppedCell]) -> str:
    """What was not computed, where cells say how long they took."""
    saved_s = sum(cell.saved_s for cell in dropped)
    if not math.isfinite(saved_s):
        return ""
    return f"What was left of them would have taken about {counted(round(saved_s), 'second')} of computing."


def _table(analysis: Analysis, dropped: Sequence[DroppedCell]) -> Table:
    metrics = {metric.name: title(metric) for metric in analysis.experiment.metrics}
    rows = tuple(
        (
            Entry(cell.system),
            Entry(str(cell.seed)),
            Entry(f"{cell.step} of {cell.steps} steps"),
            Entry(cell.leader),
            Entry(f"{plain(cell.at_least, 3)} {metrics.get(cell.metric, cell.metric)}"),
        )
        for cell in dropped
    )
    columns = ("system", "seed", "dropped after", "behind", "by at least, in the end (below 0: within the margin)")
    return Table("In the order of their names", columns, rows)
