"""A metric over the training for each choice of an axis, averaged over the choices of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from metrics.metric import Metric
from metrics.statistics.axis_effects import BalancedPart, balanced_parts
from runners.reporting.naming import title, with_direction
from runners.reporting.picture import SERIES, Picture, picture
from runners.reporting.results import Experiment
from runners.reporting.verdicts import facets_of
from vits.corpus.split import TEST, VALIDATION

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def level_curves(metric: Metric, table: pd.DataFrame, experiment: Experiment, *, folded: bool) -> Picture | None:
    """One panel for each axis, one line for each of its choices; None where no axis has two over more than one stage.

    `table` has the columns `system, step, split, metric, value`.
    """
    rows = table[table["metric"] == metric.name]
    split = next((name for name in (VALIDATION, TEST) if rows.loc[rows["split"] == name, "step"].nunique() > 1), None)
    if split is None:
        return None
    facets = facets_of(experiment)
    values = rows[rows["split"] == split].pivot_table(index="system", columns="step", values="value")
    parts = balanced_parts(tuple(map(str, values.index)), facets)
    if not parts:
        return None

    def draw(figure: Figure) -> None:
        panels = figure.subplots(1, len(parts), sharey=True, squeeze=False)[0]
        for axis, part in zip(panels, parts, strict=True):
            for place, (level, curve) in enumerate(level_means(part, values, facets).items()):
                colour = SERIES[place % len(SERIES)]
                axis.plot(curve.index, curve.to_numpy(), color=colour, marker=".", markersize=6, label=level)
            axis.set_title(part.axis, loc="left")
            axis.set_xlabel("step")
            axis.xaxis.get_major_locator().set_params(integer=True)
            axis.legend(fontsize=8.5, loc="upper left", bbox_to_anchor=(0, -0.18), ncols=2)
        panels[0].set_ylabel(f"{with_direction(metric)} ({metric.unit})")

    return picture(
        f"levels_{metric.name}",
        f"{title(metric)} of every choice of an axis over the steps",
        f"{split.capitalize()} sentences; mean over the voices, the seeds and the named choices of the other axes, on "
        "the part of the grid where all of them occur.",
        (9.6, 4.4),
        draw,
        folded=folded,
    )


def level_means(
    part: BalancedPart, values: pd.DataFrame, facets: Mapping[str, Mapping[str, str]]
) -> dict[str, pd.Series]:
    """Each level's mean at the stages that all its systems have; `values` has a row a system and a column a step."""

    def systems(level: str) -> Sequence[str]:
        return [
            system
            for system in values.index
            if facets[system][part.axis] == level
            and tuple((name, own) for name, own in sorted(facets[system].items()) if name != part.axis) in part.contexts
        ]

    return {level: values.loc[systems(level)].dropna(axis="columns").mean() for level in part.levels}
