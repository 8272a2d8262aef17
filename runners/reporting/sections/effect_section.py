"""What each choice of an axis gains over another, averaged over the choices of the others."""

from __future__ import annotations

from collections.abc import Iterator

from metrics.metric import Metric
from metrics.statistics.axis_effects import Effect, SimpleEffect
from runners.reporting.analysis import Analysis
from runners.reporting.document import Entry, Section, Table
from runners.reporting.naming import title
from runners.reporting.numbers import listed, plain, signed, signed_interval

MOST_PAIRS = 20  # of an axis; more are listed in effects.csv


def effect_section(analysis: Analysis) -> Section | None:
    """One table for each axis and metric of the headline."""
    tables = tuple(
        _table(analysis, metric, axis, folded=metric not in analysis.headline[:2])
        for axis in _axes(analysis)
        for metric in analysis.headline
        if _of(analysis, metric, axis)
    )
    if not tables:
        return None
    paragraph = "Means over the named choices of the other axes, on the part of the grid where all of them occur."
    return Section("effects", "What each choice gains", (paragraph,), tables)


def effect_sentence(effect: Effect) -> str:
    """`nearest is better than random by 0.070 [0.030, 0.110], but with decoder it is worse`."""
    how = "is better than" if effect.lower > 0 else "can't be told from"
    said = f"{effect.a} {how} {effect.b}, {signed_interval(effect.estimate, effect.lower, effect.upper)}"
    if effect.opposite:
        where = listed([f"{_where(simple)} ({signed(simple.estimate, 3)})" for simple in effect.opposite])
        return f"it depends: {said} on average, but it is worse with {where}"
    if effect.differs:
        ranges = [simple.estimate for simple in effect.simple]
        return f"{said}; by {plain(min(ranges), 3)} to {plain(max(ranges), 3)}, depending on the others"
    return said


def _table(analysis: Analysis, metric: Metric, axis: str, *, folded: bool) -> Table:
    found = sorted(_of(analysis, metric, axis), key=lambda effect: (not effect.changes_sign, -effect.estimate))
    contexts = found[0].simple
    over = listed([_where(simple) for simple in contexts], most=12)
    rows = tuple(
        (
            Entry(effect_sentence(effect), is_strong=effect.lower > 0),
            Entry("; ".join(_simple(effect)) if effect.differs or effect.changes_sign else ""),
        )
        for effect in found[:MOST_PAIRS]
    )
    notes = (f"{len(found) - MOST_PAIRS} more pairs are in effects.csv.",) if len(found) > MOST_PAIRS else ()
    return Table(
        f"{axis}, by {title(metric)}" + (f", averaged over {over}" if len(contexts) > 1 else ""),
        ("effect", "in each context"),
        rows,
        n_labels=2,
        notes=notes,
        folded=folded,
    )


def _simple(effect: Effect) -> Iterator[str]:
    for simple in effect.simple:
        yield f"{_where(simple)}: {signed_interval(simple.estimate, simple.lower, simple.upper)}"


def _where(simple: SimpleEffect) -> str:
    """The choices on the other axes; on those that were varied."""
    return " · ".join(level for _, level in simple.context) or "all else equal"


def _axes(analysis: Analysis) -> list[str]:
    found = (effect.axis for metric in analysis.headline for effect in analysis.verdicts.effects.get(metric.name, ()))
    return list(dict.fromkeys(found))


def _of(analysis: Analysis, metric: Metric, axis: str) -> list[Effect]:
    return [effect for effect in analysis.verdicts.effects.get(metric.name, ()) if effect.axis == axis]
