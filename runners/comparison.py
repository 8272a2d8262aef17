"""All cells of an experiment in one table, printed at the end of every run and sweep."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pandas as pd
from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from metrics.metric import Metric
from metrics.secs import Secs
from metrics.summary import summarise
from metrics.wer import WordErrorRate
from runners.cell import CELL_JSON, FINISHED, CellFolder
from runners.cli import BAD_INPUT, FAILURE
from runners.failures import failures_of, forget_failures
from vits.errors import InputError

SPLIT = "test"
SHOWN: tuple[Metric, ...] = (WordErrorRate(), Secs())
REFERENCE_NAMES = {
    "recording": "the recordings themselves",
    "copy_synthesis": "copy-synthesis (best cell)",
    "other_speakers": "recordings of other speakers",
}


class CompareAtTheEnd(Callback):
    """Prints the comparison after a run or a sweep, and says which cells of the sweep failed."""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        forget_failures(_experiment(config))

    def on_run_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        if job_return.status == JobStatus.COMPLETED:
            print_comparison(_experiment(config))

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Print the comparison, and leave with a status other than 0 if some cells have no result."""
        print_comparison(_experiment(config))
        failures = failures_of(_experiment(config))
        if failures:
            lines = "".join(f"\n  {name}: {why}" for name, why in failures.items())
            print(f"error: {len(failures)} cells failed:{lines}", file=sys.stderr)
            only_input = all(why.startswith(InputError.__name__) for why in failures.values())
            sys.exit(BAD_INPUT if only_input else FAILURE)


def _experiment(config: DictConfig) -> Path:
    return Path(config.results) / config.name


def print_comparison(experiment: Path) -> None:
    """Print the table of all finished cells, and write it to comparison.csv."""
    cells = finished_cells(experiment)
    if not cells:
        return
    from rich.console import Console
    from rich.table import Table

    table = comparison(cells)
    table.to_csv(experiment / "comparison.csv", index=False)
    shown = Table(
        title=f"{experiment.name}: new voices, mean over speakers ± spread between them", title_justify="left"
    )
    for column in table.columns:
        shown.add_column(column)
    for row in table.itertuples(index=False):
        shown.add_row(*(str(value) for value in row))
    for name, values in reference_lines(cells).items():
        shown.add_row(REFERENCE_NAMES[name], *[""] * (len(table.columns) - 3), *values)
    console = Console()
    console = console if console.is_terminal else Console(width=120)
    console.print(shown)


def finished_cells(experiment: Path) -> list[tuple[Path, dict[str, Any]]]:
    """The folder and the record of each cell of the experiment that has its result, best WER first."""
    cells = []
    for path in sorted(experiment.glob(f"*/{CELL_JSON}")):
        record = json.loads(path.read_text(encoding="utf-8"))
        if record.get("status") == FINISHED:
            cells.append((path.parent, record))
    return sorted(cells, key=lambda cell: _wer(cell[1]))


def _wer(record: dict[str, Any]) -> float:
    """What cells are ordered by; those without a value come last."""
    values = [entry["mean"] for entry in record["summary"] if (entry["split"], entry["metric"]) == (SPLIT, "wer")]
    return values[0] if values and math.isfinite(values[0]) else math.inf


def comparison(cells: list[tuple[Path, dict[str, Any]]]) -> pd.DataFrame:
    """One row per cell, in their order: what it is, how much it trains, and what it reached."""
    rows = []
    for _, record in cells:
        means = {entry["metric"]: entry for entry in record["summary"] if entry["split"] == SPLIT}
        rows.append(
            {
                "strategy": record["strategy"],
                "freeze": record["freeze"],
                "seed": record["seed"],
                "base": record["base"],
                "conditioning": record["conditioning"],
                "trained": f"{record['trainable'][-1]['percent']:.1f} %",
                **{metric.name.upper(): _mean_and_spread(means.get(metric.name)) for metric in SHOWN},
            }
        )
    return pd.DataFrame(rows)


def reference_lines(cells: list[tuple[Path, dict[str, Any]]]) -> dict[str, list[str]]:
    """What the recordings, copy-synthesis by the first cell, and other speakers reach, for each shown metric."""
    lines: dict[str, list[str]] = {}
    references = CellFolder(cells[0][0]).table("references")
    references = references[references["split"] == SPLIT]
    for name in REFERENCE_NAMES:
        of_kind = references[references["reference"] == name]
        lines[name] = [_reference_value(of_kind, metric) for metric in SHOWN]
    return lines


def _reference_value(rows: pd.DataFrame, metric: Metric) -> str:
    """Mean and spread over speakers, as the metric combines their utterances."""
    if rows.empty or metric.name not in set(rows["metric"]):
        return ""
    table = summarise(rows, [metric])
    return _mean_and_spread(table[table["metric"] == metric.name].iloc[0].to_dict())


def _mean_and_spread(entry: dict[str, Any] | None) -> str:
    return "" if entry is None else f"{entry['mean']:.3f} ± {entry['spread']:.3f}"
