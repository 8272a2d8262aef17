"""What is printed at the end of a run or a sweep: each cell in a line, and where the report lies."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from metrics.metric import Metric
from metrics.summary import mean_and_spread, summarise
from runners.evaluation.evaluation_settings import TEXTS
from runners.reporting.cell_result import DEFAULT, CellResult, facets_shown, finished_cells
from runners.reporting.judges_own_texts import warnings
from runners.reporting.naming import reference_label
from vits.common.atomic_files import write_atomically
from vits.corpus.split import TEST

CELLS_CSV = "comparison.csv"
ALSO_UNRECORDED = "The answer and the page also count the project's own sentences, which nobody recorded."


def print_cells(experiment: Path, metrics: Sequence[Metric]) -> None:
    """Print the table of all finished cells, best by the first metric first, and write it to comparison.csv."""
    cells = best_first(finished_cells(experiment), metrics[0])
    if not cells:
        return
    from rich.console import Console
    from rich.table import Table

    table = table_of_cells(cells, metrics)
    write_atomically(experiment / CELLS_CSV, table.to_csv(index=False, lineterminator="\n").encode())
    shown = Table(
        title=f"{experiment.name}: new voices, recorded sentences, mean over speakers ± spread between them",
        title_justify="left",
        caption="\n".join(_remarks(cells, metrics)),
        caption_justify="left",
    )
    for column in table.columns:
        shown.add_column(column)
    for row in table.itertuples(index=False):
        shown.add_row(*(str(value) for value in row))
    for name, values in reference_lines(cells[0], metrics).items():
        shown.add_row(name, *[""] * (len(table.columns) - len(values) - 1), *values)
    width = None if Console().is_terminal else 120
    console = Console(width=width, markup=False, emoji=False)  # names are shown as they are
    console.print(shown)


def best_first(cells: Sequence[CellResult], metric: Metric) -> list[CellResult]:
    """The cells in order of their mean; those without one come last."""

    def cost(cell: CellResult) -> float:
        mean = _summary(cell).get(metric.name, {}).get("mean", math.nan)
        return -metric.sign * mean if math.isfinite(mean) else math.inf

    return sorted(cells, key=cost)


def table_of_cells(cells: Sequence[CellResult], metrics: Sequence[Metric]) -> pd.DataFrame:
    """One row per cell, in their order: what it is, how much it trains, and what it reached."""
    facets = facets_shown(cells)
    rows = []
    for cell in cells:
        record, means = cell.record, _summary(cell)
        rows.append(
            {
                **{facet: cell.facets.get(facet, DEFAULT) for facet in facets},
                "seed": record["seed"],
                **({} if "base" in facets else {"base": record["base"]}),
                "trained": f"{record['trainable'][-1]['percent']:.1f} %",
                **{metric.name.upper(): _mean_and_spread(means.get(metric.name)) for metric in metrics},
            }
        )
    return pd.DataFrame(rows)


def reference_lines(cell: CellResult, metrics: Sequence[Metric]) -> dict[str, list[str]]:
    """What the recordings, copy-synthesis by this cell and other speakers reach, for each metric."""
    rows = cell.table("references", ("reference", "split", "metric"))
    rows = rows[rows["split"] == TEST]
    return {
        reference_label(str(name)): [_reference_value(group, metric) for metric in metrics]
        for name, group in rows.groupby("reference", sort=False)
    }


def _reference_value(rows: pd.DataFrame, metric: Metric) -> str:
    """Mean and spread over speakers, as the metric combines their utterances."""
    if metric.name not in set(rows["metric"]):
        return ""
    table = summarise(rows, [metric])
    return _mean_and_spread(table[table["metric"] == metric.name].iloc[0].to_dict())


def _summary(cell: CellResult) -> Mapping[str, Mapping[str, Any]]:
    """The cell's test results, by metric."""
    return {entry["metric"]: entry for entry in cell.record["summary"] if entry["split"] == TEST}


def _remarks(cells: Sequence[CellResult], metrics: Sequence[Metric]) -> Iterator[str]:
    """What else to know of the table's numbers."""
    if _speaks_unrecorded(cells):
        yield ALSO_UNRECORDED
    yield from warnings(metrics, cells)


def _speaks_unrecorded(cells: Sequence[CellResult]) -> bool:
    return any(entry["split"] == TEXTS for cell in cells for entry in cell.record["summary"])


def _mean_and_spread(entry: Mapping[str, Any] | None) -> str:
    return "" if entry is None else mean_and_spread(entry["mean"], entry["spread"])
