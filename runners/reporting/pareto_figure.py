"""Two metrics against each other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from metrics.metric import Metric
from runners.reporting.analysis import Analysis
from runners.reporting.figure_look import Look, look_of
from runners.reporting.naming import reference_label, title, with_direction
from runners.reporting.picture import FAINT, INK, Picture, picture
from runners.reporting.results import System

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REACH = 0.3  # of an axis: how far a reference line may lie beyond the points and still be drawn
SMALLEST_POINT, LARGEST_POINT = 40.0, 340.0  # areas, in points squared
LEGEND_CHARACTERS = 110  # that fit beside each other
LEGEND_LINE = 0.24  # inches


def pareto(analysis: Analysis, across: Metric, up: Metric) -> Picture:
    """Two metrics, the size of a point by what is trained."""
    look = look_of(list(analysis.systems.values()))
    drawn = [label for label in analysis.systems if _is_drawable(analysis, across, up, label)]
    columns = _columns([*look.colours, *look.markers])

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        for label in drawn:
            _draw_point(axis, analysis, (across, up), analysis.systems[label], look)
        _draw_front(axis, analysis, (across, up), drawn)
        _draw_reference_lines(axis, analysis.references, across, up)
        axis.set_xlabel(f"{with_direction(across)} ({across.unit})")
        axis.set_ylabel(f"{with_direction(up)} ({up.unit})")
        _legends(figure, look, [analysis.systems[label] for label in drawn], columns)

    best = front(analysis, across, up, drawn)
    lines = math.ceil((len(look.colours) + len(look.markers) + 2) / columns)
    return picture(
        f"pareto_{across.name}_{up.name}",
        f"{title(up)} against {title(across)} of every system",
        f"Colour: {look.axis}. Marker: everything else. Area: trained parameters. Thin lines: intervals. The dotted "
        f"line joins the systems whose means no other system beats in both ({', '.join(best)}); it says nothing about "
        "whether they can be told apart. Hollow: judged by its own teacher.",
        (9.6, 5.0 + LEGEND_LINE * lines),
        draw,
    )


def front(analysis: Analysis, across: Metric, up: Metric, labels: Iterable[str]) -> list[str]:
    """The systems that no other beats in the mean of both metrics, best by the first one first."""

    def cost(metric: Metric, label: str) -> float:
        mean = analysis.level(metric.name, label).mean
        return -mean if metric.higher_is_better else mean

    costs = {label: (cost(across, label), cost(up, label)) for label in labels}
    kept = [
        label
        for label, (x, y) in costs.items()
        if not any(u <= x and v <= y and (u, v) != (x, y) for u, v in costs.values())
    ]
    return sorted(kept, key=lambda label: costs[label])


def _draw_point(axis: Axes, analysis: Analysis, metrics: tuple[Metric, Metric], system: System, look: Look) -> None:
    x, y = (analysis.level(metric.name, system.label) for metric in metrics)
    colour, most = look.colour(system), max(s.trainable for s in analysis.systems.values()) or 1
    axis.plot([x.lower, x.upper], [y.mean, y.mean], color=colour, linewidth=1, alpha=0.35)
    axis.plot([x.mean, x.mean], [y.lower, y.upper], color=colour, linewidth=1, alpha=0.35)
    axis.scatter(
        x.mean,
        y.mean,
        s=_area(system.trainable, most),
        marker=look.marker(system),
        facecolor="none" if any(system.is_taught_by(metric) for metric in metrics) else colour,
        edgecolor=colour,
        linewidth=1.5,
        alpha=0.9,
    )


def _area(trainable: int, most: int) -> float:
    return SMALLEST_POINT + (LARGEST_POINT - SMALLEST_POINT) * trainable / most


def _columns(names: Sequence[str]) -> int:
    """How many entries of a legend fit beside each other."""
    return max(1, min(6, LEGEND_CHARACTERS // (max(map(len, names), default=1) + 6)))


def _legends(figure: Figure, look: Look, systems: Sequence[System], columns: int) -> None:
    """Colours, markers and sizes, below the picture."""
    from matplotlib.lines import Line2D

    def points(label: str, **how: Any) -> Line2D:
        return Line2D([], [], linestyle="none", label=label, **how)

    colours = [points(name, marker="o", color=colour, markersize=8) for name, colour in look.colours.items()]
    variants = [points(name, marker=marker, color=FAINT, markersize=8) for name, marker in look.markers.items()]
    amounts = sorted({system.trainable for system in systems})
    most = (amounts or [1])[-1] or 1
    sizes = [
        points(f"{amount:,} trained", marker="o", color=FAINT, markersize=math.sqrt(_area(amount, most)))
        for amount in dict.fromkeys([amounts[0], amounts[-1]] if amounts else [])
    ]
    figure.legend(handles=[*colours, *variants, *sizes], loc="outside lower left", ncols=columns)


def _draw_front(axis: Axes, analysis: Analysis, metrics: tuple[Metric, Metric], drawn: Sequence[str]) -> None:
    labels = front(analysis, *metrics, drawn)
    x, y = ([analysis.level(metric.name, label).mean for label in labels] for metric in metrics)
    axis.plot(x, y, linestyle=":", color=INK, linewidth=1.2, zorder=1)


def _draw_reference_lines(axis: Axes, references: pd.DataFrame, across: Metric, up: Metric) -> None:
    """Lines where recordings, copy-synthesis and other speakers stand; what lies too far off is named at the edge."""
    values = {(row.reference, row.metric): row.value for row in references.itertuples()}
    names = list(dict.fromkeys(references["reference"]))
    for metric, limits, draw in ((up, axis.get_ylim(), _horizontal), (across, axis.get_xlim(), _vertical)):
        low, high = limits
        for name in names:
            value = values.get((name, metric.name), math.nan)
            if math.isfinite(value):
                reach = REACH * (high - low)
                draw(axis, value, reference_label(name), beyond=not low - reach <= value <= high + reach)


def _horizontal(axis: Axes, value: float, label: str, *, beyond: bool) -> None:
    high = axis.get_ylim()[1]
    text = {"ha": "right", "fontsize": 8.5, "color": FAINT}
    if beyond:
        edge, arrow = (1.0, "↑") if value > high else (0.0, "↓")
        side = "top" if edge else "bottom"
        axis.annotate(f"{label}: {value:.3g} {arrow}", (1, edge), xycoords="axes fraction", va=side, **text)
        return
    axis.axhline(value, color=FAINT, linewidth=1, zorder=0)
    axis.annotate(label, (1, value), xycoords=("axes fraction", "data"), va="bottom", **text)


def _vertical(axis: Axes, value: float, label: str, *, beyond: bool) -> None:
    if beyond:
        return  # its place on the other axis tells already that it is far off
    axis.axvline(value, color=FAINT, linewidth=1, zorder=0)
    axis.annotate(
        label,
        (value, 0),
        xycoords=("data", "axes fraction"),
        ha="right",
        va="bottom",
        rotation=90,
        fontsize=8.5,
        color=FAINT,
    )


def _is_drawable(analysis: Analysis, across: Metric, up: Metric, label: str) -> bool:
    return all(math.isfinite(analysis.level(metric.name, label).mean) for metric in (across, up))
