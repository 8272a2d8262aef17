"""A metric over the amount of data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from metrics.metric import Metric
from runners.reporting.analysis import Analysis
from runners.reporting.growth import Growth
from runners.reporting.naming import title, with_direction
from runners.reporting.numbers import percent
from runners.reporting.picture import SERIES, Picture, picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def growth_curves(analysis: Analysis, metric: Metric, found: Sequence[Growth]) -> Picture:
    """One line for each adaptation, with the intervals of its systems."""

    def draw(figure: Figure) -> None:
        axis = figure.subplots()
        for place, growth in enumerate(found):
            levels = [analysis.level(metric.name, label) for _, label in growth.points]
            amounts = [amount for amount, _ in growth.points]
            colour = SERIES[place % len(SERIES)]
            axis.plot(amounts, [level.mean for level in levels], color=colour, marker="o", label=growth.name)
            axis.vlines(amounts, [v.lower for v in levels], [v.upper for v in levels], color=colour, alpha=0.4)
        axis.set_xscale("log")
        ticks = sorted({amount for growth in found for amount, _ in growth.points})
        axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axis.minorticks_off()
        axis.set_xlabel("training utterances a voice")
        axis.set_ylabel(f"{with_direction(metric)} ({metric.unit})")
        figure.legend(loc="outside lower left", ncols=3)

    return picture(
        f"growth_{metric.name}",
        f"{title(metric)} over the number of training utterances a voice",
        f"Mean over the voices and its {percent(analysis.settings.level)} interval. Every smaller set lies within the "
        "larger ones; the judges know each voice by all of its recordings, whatever was trained.",
        (9.6, 4.6),
        draw,
    )
