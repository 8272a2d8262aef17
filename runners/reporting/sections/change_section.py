"""What training changed: in the new voices, and in the base's own."""

from __future__ import annotations

from collections.abc import Mapping

from metrics.metric import Metric
from metrics.statistics.system_levels import SystemLevel
from runners.reporting.analysis import Analysis
from runners.reporting.document import Entry, Section, Table
from runners.reporting.naming import OWN_TEACHER, with_direction
from runners.reporting.numbers import decimals_for, interval, plain, signed

Levels = Mapping[str, tuple[SystemLevel, ...]]


def adaptation_section(analysis: Analysis) -> Section | None:
    """The new voices before and after training."""
    paragraph = (
        "The new voices on the test sentences before training, when only their embeddings were initialised, and at "
        "the stage that was kept. The intervals hold for all systems of a table at once."
    )
    shown = {metric.name for metric in analysis.headline}
    gained = {name: levels for name, levels in analysis.verdicts.gained.items() if name in shown}
    return _section(analysis, gained, ("adaptation", "What training changed", paragraph))


def retention_section(analysis: Analysis) -> Section | None:
    """The base's voices before and after training."""
    paragraph = (
        "A fixed sample of the base model's speakers and sentences, spoken before and after adaptation. The intervals "
        "hold for all systems of a table at once."
    )
    return _section(analysis, analysis.verdicts.lost, ("retention", "What the base's own voices lost", paragraph))


def _section(analysis: Analysis, levels: Levels, names: tuple[str, str, str]) -> Section | None:
    anchor, heading, paragraph = names
    tables = tuple(
        _table(analysis, metric, levels[metric.name])
        for metric in (*analysis.headline, *analysis.others)
        if levels.get(metric.name)
    )
    return Section(anchor, heading, (paragraph,), tables) if tables else None


def _table(analysis: Analysis, metric: Metric, levels: tuple[SystemLevel, ...]) -> Table:
    found = {level.system: level for level in levels}
    decimals = decimals_for(level.mean for level in levels)
    rows = tuple(
        (
            Entry(label, mark=OWN_TEACHER if system.is_taught_by(metric) else ""),
            Entry(signed(found[label].mean, decimals), is_strong=found[label].sign != 0),
            Entry(interval(found[label].lower, found[label].upper, decimals)),
            Entry(change_verdict(found[label], metric, analysis.settings.margin(metric.name))),
        )
        for label, system in analysis.systems.items()
        if label in found
    )
    heading = f"{with_direction(metric)} ({metric.unit})"
    return Table(heading, ("system", "change", "interval", "verdict"), rows)


def change_verdict(change: SystemLevel, metric: Metric, margin: float) -> str:
    """Better, worse, the same within the margin, or undecided."""
    if not change.is_known:
        return "not known"
    if change.sign:
        return "better" if (change.sign > 0) == metric.higher_is_better else "worse"
    within = max(abs(change.lower), abs(change.upper)) <= margin
    return f"the same within {plain(margin, 3)}" if within else "undecided"
