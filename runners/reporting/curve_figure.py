"""A metric over the training."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from metrics.metric import Metric
from runners.reporting.figure_look import Look, look_of, variant
from runners.reporting.naming import title, with_direction
from runners.reporting.picture import FAINT, Picture, picture
from runners.reporting.results import SPLITS, Experiment, System
from vits.corpus.split import TEST, VALIDATION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINE_STYLES: Mapping[str, Any] = {TEST: "solid", VALIDATION: "dashed"}


def curves(metric: Metric, table: pd.DataFrame, experiment: Experiment, *, folded: bool) -> Picture:
    """A metric over the steps, one panel for each freeze policy, one colour for each strategy."""
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
            axis.set_xlabel("step")
        for axis in panels[:, 0]:
            axis.set_ylabel(metric.unit)
        _legend_of_curves(figure, look, experiment.systems, sorted(set(rows["split"])))

    return picture(
        f"curve_{metric.name}",
        f"{title(metric)} of every system over the steps",
        f"{with_direction(metric)} ({metric.unit}), mean over the voices and seeds. A ring marks the step that the "
        "results are of.",
        (9.6, 0.9 + 2.5 * lines),
        draw,
        folded=folded,
    )


def _draw_curve(axis: Axes, rows: pd.DataFrame, system: System, look: Look) -> None:
    colour = look.colour(system)
    for split in SPLITS:
        part = rows[rows["split"] == split].sort_values("step")
        style = LINE_STYLES[split]
        axis.plot(part["step"], part["value"], linestyle=style, color=colour, marker=".", markersize=6)
        if split == TEST:
            chosen = part[part["step"].isin([cell.chosen.step for cell in system.cells])]
            axis.plot(chosen["step"], chosen["value"], "o", color=colour, markersize=9, markerfacecolor="none")


def _legend_of_curves(figure: Figure, look: Look, systems: Sequence[System], splits: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=colour, label=name) for name, colour in look.colours.items()]
    if len(splits) > 1:
        handles += [Line2D([], [], color=FAINT, linestyle=LINE_STYLES[split], label=split) for split in splits]
    figure.legend(handles=handles, loc="outside upper left", ncols=min(len(handles), 8))
