"""Two metrics against each other."""

from __future__ import annotations

from runners.reporting.analysis import Analysis
from runners.reporting.document import Section
from runners.reporting.naming import title
from runners.reporting.numbers import listed
from runners.reporting.pareto_figure import pareto


def trade_off_section(analysis: Analysis) -> Section | None:
    """The aim against every other metric of the headline."""
    aim, *others = analysis.headline
    if not others or len(analysis.systems) < 2:
        return None
    pictures = tuple(pareto(analysis, other, aim) for other in others)
    names = f"{title(aim)} against {listed([title(other) for other in others])}"
    return Section("trade-off", f"Trade-off: {names}", (), pictures)
