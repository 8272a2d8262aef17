"""Each system's mean and interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.metric import Metric
from runners.reporting.analysis import Analysis
from runners.reporting.figure_look import Look, look_of
from runners.reporting.naming import title, with_direction
from runners.reporting.numbers import percent
from runners.reporting.picture import Picture, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def intervals(analysis: Analysis) -> Picture:
    """One panel for each metric of the headline, the systems in the order of the ranking."""
    metrics, labels = analysis.headline, list(analysis.systems)
    look = look_of(list(analysis.systems.values()))

    def draw(figure: Figure) -> None:
        panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
        for axis, metric in zip(panels, metrics, strict=True):
            _draw(axis, analysis, metric, look)
        panels[0].set_yticks(range(len(labels)), labels)
        panels[0].set_ylim(len(labels) - 0.4, -0.6)

    names = " and ".join(title(metric) for metric in metrics)
    return picture(
        "intervals",
        f"{names} of every system with its interval",
        f"Mean over the voices and its {percent(analysis.settings.level)} interval. The intervals are of one system "
        "each; because all systems speak the same sentences, differences between two are known better than the "
        "overlap suggests: see the table. A hollow point is judged by its own teacher.",
        (9.6, 1.1 + 0.34 * len(labels)),
        draw,
    )


def _draw(axis: Axes, analysis: Analysis, metric: Metric, look: Look) -> None:
    for place, (label, system) in enumerate(analysis.systems.items()):
        level, colour = analysis.level(metric.name, label), look.colour(system)
        axis.plot([level.lower, level.upper], [place, place], color=colour, solid_capstyle="round")
        axis.plot(
            level.mean,
            place,
            look.marker(system),
            color=colour,
            markersize=7,
            markerfacecolor="none" if system.is_taught_by(metric) else colour,
        )
    axis.set_xlabel(f"{with_direction(metric)} ({metric.unit})")
    axis.grid(axis="y", visible=False)
    axis.tick_params(axis="y", left=False)
