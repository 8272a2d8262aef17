"""The report's figures as SVG, drawn once and coloured twice: for a file of their own and for a light or dark page."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from metrics.metric import Metric
from runners.reporting.naming import reference_label, title, with_direction
from runners.reporting.numbers import percent
from runners.reporting.ranking import Ranking
from runners.reporting.results import DEFAULT, SPLITS, Experiment, System, facets_shown
from vits.corpus.split import TEST, VALIDATION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAPER, INK, FAINT = "#ffffff", "#1f2328", "#8a929b"
SERIES = ("#0969da", "#c2410c", "#1a7f37", "#8250df", "#b3247a", "#0f7b83", "#8a6500", "#57606a")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
LINE_STYLES: Mapping[str, Any] = {TEST: "solid", VALIDATION: "dashed"}
REACH = 0.3  # of an axis: how far a reference line may lie beyond the points and still be drawn
SMALLEST_POINT, LARGEST_POINT = 40.0, 340.0  # areas, in points squared
STYLE: Mapping[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: it can be searched, read aloud and takes the page's font
    "text.parse_math": False,  # a name may hold a dollar sign
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.alpha": 0.22,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.7,
    "lines.markersize": 5,
}


@dataclass(frozen=True)
class Picture:
    """A figure: its file name without suffix, what it shows, how to read it, and its SVG for a file."""

    name: str
    alt: str
    caption: str
    svg: str
    folded: bool = False

    @property
    def inline(self) -> str:
        """The SVG as part of a page: no header, no ids but those it refers to, colours from the page's style."""
        svg = self.svg[self.svg.index("<svg") :]
        svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
        svg = re.sub(r'<g id="[^"]*"', "<g", svg)
        for colour, variable in colour_variables().items():
            svg = svg.replace(colour, f"var({variable})")
        svg = svg.replace(PAPER, "transparent")
        return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def colour_variables() -> dict[str, str]:
    """The CSS variable in the place of each colour."""
    return {INK: "--ink", FAINT: "--faint", **{colour: f"--series-{i}" for i, colour in enumerate(SERIES)}}


@dataclass(frozen=True)
class Look:
    """One axis is told apart by colour, everything else that a system is by the marker."""

    axis: str
    colours: Mapping[str, str]
    markers: Mapping[str, str]

    def colour(self, system: System) -> str:
        return self.colours[system.facets.get(self.axis, DEFAULT)]

    def marker(self, system: System) -> str:
        return self.markers[variant(system, self.axis)]


def look_of(systems: Sequence[System]) -> Look:
    """Colours for the first axis on which systems differ; with more than eight of a kind they begin again."""
    facets = facets_shown([system.cells[0] for system in systems])
    axis = next((name for name in facets if len({s.facets.get(name, DEFAULT) for s in systems}) > 1), facets[0])
    coloured = sorted({system.facets.get(axis, DEFAULT) for system in systems})
    variants = sorted({variant(system, axis) for system in systems})
    return Look(
        axis,
        {name: SERIES[place % len(SERIES)] for place, name in enumerate(coloured)},
        {name: MARKERS[place % len(MARKERS)] for place, name in enumerate(variants)},
    )


def variant(system: System, axis: str) -> str:
    """What a system is beside its choice on the axis."""
    own = system.facets.get(axis, DEFAULT)
    parts = [part for part in system.label.split(" · ") if part not in (own, f"{axis}={own}")]
    return " · ".join(parts) or own


def intervals(rankings: Sequence[Ranking], systems: Mapping[str, System], level: float) -> Picture:
    """Each system's mean and interval, one panel a metric, ordered by the first."""
    look = look_of(list(systems.values()))
    order = list(systems)

    def draw(figure: Figure) -> None:
        panels = figure.subplots(1, len(rankings), sharey=True, squeeze=False)[0]
        for axis, ranking in zip(panels, rankings, strict=True):
            for place, key in enumerate(order):
                estimate, system = ranking.estimate(key), systems[key]
                colour = look.colour(system)
                taught = system.is_taught_by(ranking.metric)
                axis.plot([estimate.lower, estimate.upper], [place, place], color=colour, solid_capstyle="round")
                axis.plot(
                    estimate.mean,
                    place,
                    look.marker(system),
                    color=colour,
                    markersize=7,
                    markerfacecolor="none" if taught else colour,
                )
            axis.set_xlabel(f"{with_direction(ranking.metric)} ({ranking.metric.unit})")
            axis.grid(axis="y", visible=False)
            axis.tick_params(axis="y", left=False)
        panels[0].set_yticks(range(len(order)), [systems[key].label for key in order])
        panels[0].set_ylim(len(order) - 0.4, -0.6)

    names = " and ".join(title(ranking.metric) for ranking in rankings)
    return _picture(
        "intervals",
        f"{names} of every system with its interval",
        f"Mean over the voices and its {percent(level)} interval. The intervals are of one system each; because all "
        "systems speak the same sentences, differences between two are known better than the overlap suggests: "
        "see the letters in the table. A hollow point is judged by its own teacher.",
        (9.6, 1.1 + 0.34 * len(order)),
        draw,
    )


def pareto(across: Ranking, up: Ranking, systems: Mapping[str, System], references: pd.DataFrame) -> Picture:
    """Two metrics against each other, the size of a point by what is trained."""
    look = look_of(list(systems.values()))
    drawn = [key for key in systems if _is_drawable(across, up, key)]
    most = max((systems[key].trainable for key in drawn), default=1) or 1

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        for key in drawn:
            x, y, system = across.estimate(key), up.estimate(key), systems[key]
            colour = look.colour(system)
            area = SMALLEST_POINT + (LARGEST_POINT - SMALLEST_POINT) * system.trainable / most
            axis.plot([x.lower, x.upper], [y.mean, y.mean], color=colour, linewidth=1, alpha=0.35)
            axis.plot([x.mean, x.mean], [y.lower, y.upper], color=colour, linewidth=1, alpha=0.35)
            taught = system.is_taught_by(across.metric) or system.is_taught_by(up.metric)
            axis.scatter(
                x.mean,
                y.mean,
                s=area,
                marker=look.marker(system),
                facecolor="none" if taught else colour,
                edgecolor=colour,
                linewidth=1.5,
                alpha=0.9,
            )
        _draw_front(axis, across, up, drawn)
        _draw_reference_lines(axis, references, across.metric, up.metric)
        axis.set_xlabel(f"{with_direction(across.metric)} ({across.metric.unit})")
        axis.set_ylabel(f"{with_direction(up.metric)} ({up.metric.unit})")
        _legends(figure, look, [systems[key] for key in drawn], most)

    best = [systems[key].label for key in front(across, up, drawn)]
    return _picture(
        f"pareto_{across.metric.name}_{up.metric.name}",
        f"{title(up.metric)} against {title(across.metric)} of every system",
        "Colour: strategy. Marker: freeze policy. Area: trained parameters. Thin lines: intervals. The dotted line "
        f"joins the systems whose means no other system beats in both ({', '.join(best)}); it says nothing about "
        "whether they can be told apart. Hollow: judged by its own teacher.",
        (9.6, 5.4),
        draw,
    )


def front(across: Ranking, up: Ranking, keys: Iterable[str]) -> list[str]:
    """The systems that no other beats in the mean of both metrics, best by the first one first."""

    def cost(ranking: Ranking, key: str) -> float:
        mean = ranking.estimate(key).mean
        return -mean if ranking.metric.higher_is_better else mean

    costs = {key: (cost(across, key), cost(up, key)) for key in keys}
    kept = [
        key
        for key, (x, y) in costs.items()
        if not any(u <= x and v <= y and (u, v) != (x, y) for u, v in costs.values())
    ]
    return sorted(kept, key=lambda key: costs[key])


def curves(metric: Metric, table: pd.DataFrame, experiment: Experiment, *, folded: bool) -> Picture:
    """A metric over the epochs, one panel for each freeze policy, one colour for each strategy."""
    look = look_of(experiment.systems)
    variants = sorted({variant(system, look.axis) for system in experiment.systems})
    rows = table[table["metric"] == metric.name]
    columns = min(len(variants), 3)
    lines = math.ceil(len(variants) / columns)

    def draw(figure: Figure) -> None:
        panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
        for axis in panels.flat[len(variants) :]:
            axis.set_visible(False)
        for axis, name in zip(panels.flat, variants, strict=False):
            for system in (s for s in experiment.systems if variant(s, look.axis) == name):
                _draw_curve(axis, rows[rows["system"] == system.label], system, look)
            axis.set_title(f"freeze: {name}", loc="left")
            axis.xaxis.get_major_locator().set_params(integer=True)
        for axis in panels[-1]:
            axis.set_xlabel("epoch")
        for axis in panels[:, 0]:
            axis.set_ylabel(metric.unit)
        _legend_of_curves(figure, look, experiment.systems, sorted(set(rows["split"])))

    return _picture(
        f"curve_{metric.name}",
        f"{title(metric)} of every system over the epochs",
        f"{with_direction(metric)} ({metric.unit}), mean over the voices and seeds. A ring marks the epoch that the "
        "results are of.",
        (9.6, 0.9 + 2.5 * lines),
        draw,
        folded=folded,
    )


def _draw_curve(axis: Axes, rows: pd.DataFrame, system: System, look: Look) -> None:
    colour = look.colour(system)
    for split in SPLITS:
        part = rows[rows["split"] == split].sort_values("epoch")
        style = LINE_STYLES[split]
        axis.plot(part["epoch"], part["value"], linestyle=style, color=colour, marker=".", markersize=6)
        if split == TEST:
            chosen = part[part["epoch"].isin([cell.chosen.epoch for cell in system.cells])]
            axis.plot(chosen["epoch"], chosen["value"], "o", color=colour, markersize=9, markerfacecolor="none")


def _legend_of_curves(figure: Figure, look: Look, systems: Sequence[System], splits: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=colour, label=name) for name, colour in look.colours.items()]
    if len(splits) > 1:
        handles += [Line2D([], [], color=FAINT, linestyle=LINE_STYLES[split], label=split) for split in splits]
    figure.legend(handles=handles, loc="outside upper left", ncols=min(len(handles), 8))


def _legends(figure: Figure, look: Look, systems: Sequence[System], most: int) -> None:
    """Colours, markers and sizes, beside the picture."""
    from matplotlib.lines import Line2D

    def points(label: str, **how: Any) -> Line2D:
        return Line2D([], [], linestyle="none", label=label, **how)

    strategies = [points(name, marker="o", color=colour, markersize=8) for name, colour in look.colours.items()]
    variants = [points(name, marker=marker, color=FAINT, markersize=8) for name, marker in look.markers.items()]
    amounts = sorted({system.trainable for system in systems})
    shown = dict.fromkeys([amounts[0], amounts[-1]] if amounts else [])
    sizes = [
        points(
            f"{amount:,} trained",
            marker="o",
            color=FAINT,
            markersize=math.sqrt(SMALLEST_POINT + (LARGEST_POINT - SMALLEST_POINT) * amount / most),
        )
        for amount in shown
    ]
    handles = [*strategies, points(""), *variants, points(""), *sizes]
    figure.legend(handles=handles, loc="outside right upper", labelspacing=0.9)


def _draw_front(axis: Axes, across: Ranking, up: Ranking, drawn: Sequence[str]) -> None:
    keys = front(across, up, drawn)
    axis.plot(
        [across.estimate(key).mean for key in keys],
        [up.estimate(key).mean for key in keys],
        linestyle=":",
        color=INK,
        linewidth=1.2,
        zorder=1,
    )


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


def _is_drawable(across: Ranking, up: Ranking, key: str) -> bool:
    return math.isfinite(across.estimate(key).mean) and math.isfinite(up.estimate(key).mean)


def _picture(
    name: str,
    alt: str,
    caption: str,
    size: tuple[float, float],
    draw: Callable[[Figure], None],
    *,
    folded: bool = False,
) -> Picture:
    """Draw with the report's style; the same data give the same bytes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None}, facecolor=PAPER)
    return Picture(name, alt, caption, text.getvalue(), folded)
