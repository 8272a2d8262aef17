"""What each speaker reaches in each system, and which voice wants another system."""

from __future__ import annotations

import math

from metrics.metric import Metric
from runners.reporting.analysis import Analysis
from runners.reporting.document import Entry, Points, Section, Table
from runners.reporting.naming import OWN_TEACHER, title, with_direction
from runners.reporting.numbers import decimals_for, plain, signed
from runners.reporting.results import System


def speaker_section(analysis: Analysis) -> Section:
    """A table for each metric."""
    tables = tuple(
        _table(analysis, metric, folded=metric not in analysis.headline)
        for metric in (*analysis.headline, *analysis.others)
    )
    own = tuple(
        f"{choice.speaker}: {choice.system} is better than {analysis.recommended.label} by "
        f"{signed(choice.estimate, 3)} {title(analysis.verdicts.aim)}, by {plain(choice.at_least, 3)} at least."
        for choice in analysis.verdicts.own
    )
    rather = (Points(own, title="Voices that are better served by another system"),) if own else ()
    return Section("speakers", "Each speaker", (), (*rather, *tables))


def _table(analysis: Analysis, metric: Metric, *, folded: bool) -> Table:
    rows = analysis.speakers[analysis.speakers["metric"] == metric.name]
    values = {(row.system, row.speaker): row.value for row in rows.itertuples()}
    decimals = decimals_for(values.values())
    speakers = analysis.experiment.speakers

    def entries(system: System) -> tuple[Entry, ...]:
        mark = OWN_TEACHER if system.is_taught_by(metric) else ""
        numbers = (values.get((system.label, speaker), math.nan) for speaker in speakers)
        return (Entry(system.label, mark=mark), *(Entry(plain(number, decimals)) for number in numbers))

    return Table(
        f"{with_direction(metric)} ({metric.unit}) of each speaker",
        ("system", *speakers),
        tuple(entries(system) for system in analysis.systems.values()),
        folded=folded,
    )
