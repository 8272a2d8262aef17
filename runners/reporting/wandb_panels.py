"""What a report in Weights & Biases shows: the words of the page, and the runs' own curves and audio.

The names of the charts' values are those that the tracker logs under.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import wandb_workspaces.expr as expr
import wandb_workspaces.reports.v2.interface as wr

from metrics.metric import Metric
from runners.reporting.analysis import Analysis
from runners.reporting.cell_result import CellResult
from runners.reporting.document import Document, Points, Table
from runners.reporting.markdown import as_markdown
from runners.reporting.naming import with_direction
from runners.reporting.numbers import listed
from runners.reporting.results import SPLITS, Experiment
from runners.tracking.tracker import STEP, TRAINED, audio_key, loss_key, result_key, score_key
from vits.corpus.split import TEST

LOSS_COLUMNS = ("step", "loss", "value")
GROUP, REST = "run.group", "run.jobType"  # what the tracker gives a run: together they are its system
FULL_WIDTH = 24  # of a report's grid
SENTENCE_HEIGHT = 10
LOST = "{missing}: not in Weights & Biases, so in no chart below."


@dataclass(frozen=True)
class Place:
    """The project in Weights & Biases that an experiment's runs are in."""

    entity: str
    project: str

    @property
    def path(self) -> str:
        return f"{self.entity}/{self.project}"


def build(analysis: Analysis, page: Document, place: Place, missing: Sequence[CellResult] = ()) -> wr.Report:
    """The report, not yet saved; `missing` are cells whose runs are not in the project."""
    experiment = analysis.experiment
    lost = [wr.MarkdownBlock(LOST.format(missing=listed(cell.name for cell in missing)))] if missing else []
    return wr.Report(
        entity=place.entity,
        project=place.project,
        title=f"{experiment.name}: strategies compared",
        description=f"Built from the experiment {experiment.name}; publishing it again replaces what is written here.",
        width="fluid",
        blocks=[
            wr.MarkdownBlock(words(page)),
            *lost,
            wr.H2("Scores over steps"),
            wr.P("A line is a system, by its group and what else tells it: mean, lowest and highest over seeds."),
            _grid(analysis, place, [*_curves(experiment), *_bars(experiment)], [GROUP, REST]),
            wr.H2("Losses"),
            wr.P("A line is a group of runs (wandb.group_by; by default a strategy): mean, lowest and highest."),
            _grid(analysis, place, _losses(experiment), [GROUP]),
            wr.H2("Every run"),
            wr.P("A dot, and a row of the table, is a run. Below: the same sentence as every run speaks it."),
            _grid(analysis, place, [*_scatters(analysis), *_audio(experiment)], []),
        ],
    )


def words(page: Document) -> str:
    """The page as Markdown without its pictures, players and files, in the place of which stand panels."""
    sections = [
        replace(section, blocks=tuple(block for block in section.blocks if isinstance(block, (Points, Table))))
        for section in page.sections
    ]
    return as_markdown(replace(page, sections=tuple(section for section in sections if section.blocks), data={}), "")


def _grid(analysis: Analysis, place: Place, panels: Sequence[Any], groups: Sequence[str]) -> wr.PanelGrid:
    """Panels over exactly the experiment's runs, grouped, the best by the first metric at the top."""
    experiment = analysis.experiment
    cells = experiment_cells(experiment)
    first = analysis.headline[0]
    results = [f"summary:{result_key(TEST, metric.name)}" for metric in experiment.metrics]
    runset = wr.Runset(
        entity=place.entity,
        project=place.project,
        name=experiment.name,
        filters=expr.And(expr.Metric("ID").isin([cell.record["identity"] for cell in cells])),
        groupby=list(groups),
        order=[wr.OrderBy(_result(first), ascending=not first.higher_is_better)],
        pinned_columns=["run:displayName"],
        visible_columns=[*results, f"summary:{TRAINED}"],
        lock_columns=True,
    )
    return wr.PanelGrid(runsets=[runset], panels=list(panels))


def _curves(experiment: Experiment) -> list[wr.LinePlot]:
    """A learning curve for each metric on each split that was evaluated."""
    scored = set(zip(experiment.scores["split"], experiment.scores["metric"], strict=True))
    return [
        wr.LinePlot(
            title=f"{with_direction(metric)}, {split}",
            x=STEP,
            y=[score_key(split, metric.name)],
            title_x="step",
            title_y=metric.unit,
            groupby_aggfunc="mean",
            groupby_rangefunc="minmax",
            max_runs_to_show=len(experiment_cells(experiment)),
        )
        for metric in experiment.metrics
        for split in SPLITS
        if (split, metric.name) in scored
    ]


def _bars(experiment: Experiment) -> list[wr.BarPlot]:
    """What the runs reached in the end, for each metric."""
    return [
        wr.BarPlot(
            title=f"{with_direction(metric)}, {TEST}, at the chosen step",
            metrics=[result_key(TEST, metric.name)],
            title_x=metric.unit,
            groupby_aggfunc="mean",
            groupby_rangefunc="minmax",
            max_runs_to_show=len(experiment_cells(experiment)),
            max_bars_to_show=len(experiment_cells(experiment)),
        )
        for metric in experiment.metrics
    ]


def _losses(experiment: Experiment) -> list[wr.LinePlot]:
    """A curve for each loss and gradient norm over steps."""
    names = {name for cell in experiment_cells(experiment) for name in cell.table("losses", LOSS_COLUMNS)["loss"]}
    return [
        wr.LinePlot(
            title=name.replace("_", " "),
            x=STEP,
            y=[loss_key(name)],
            title_x="step",
            groupby_aggfunc="mean",
            groupby_rangefunc="minmax",
            max_runs_to_show=len(experiment_cells(experiment)),
        )
        for name in sorted(names)
    ]


def _scatters(analysis: Analysis) -> list[wr.ScatterPlot]:
    """The first metric against the others of the headline, and each against how much was trained."""
    trained = wr.SummaryMetric(TRAINED)
    first, *others = analysis.headline
    against = [
        wr.ScatterPlot(
            title=f"{with_direction(other)} against {with_direction(first)}, colour by trained parameters",
            x=_result(first),
            y=_result(other),
            z=trained,
        )
        for other in others
    ]
    by_size = [
        wr.ScatterPlot(
            title=f"{with_direction(metric)} by trained parameters", x=trained, y=_result(metric), log_x=True
        )
        for metric in analysis.headline
    ]
    return [*against, *by_size]


def _result(metric: Metric) -> wr.SummaryMetric:
    """What a run reached in the test."""
    return wr.SummaryMetric(result_key(TEST, metric.name))


def _audio(experiment: Experiment) -> list[wr.MediaBrowser]:
    """For each sentence that was logged, one player per run and step.

    The tracker is given the audio of those sentences that the cell also drew.
    """
    drawn = {path.stem: path for cell in experiment_cells(experiment) for path in cell.folder.glob("pictures/*/*.png")}
    return [
        wr.MediaBrowser(
            title=stem,
            media_keys=[audio_key(path)],
            grid_x_axis="run",
            grid_y_axis="step",
            layout=wr.Layout(w=FULL_WIDTH, h=SENTENCE_HEIGHT),
        )
        for stem, path in sorted(drawn.items())
    ]


def experiment_cells(experiment: Experiment) -> list[CellResult]:
    """All cells, system by system."""
    return [cell for system in experiment.systems for cell in system.cells]
