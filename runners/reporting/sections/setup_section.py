"""The corpus, and what was compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runners.reporting.analysis import Analysis
from runners.reporting.cell_result import DEFAULT, CellResult
from runners.reporting.document import Entry, Section, Table
from runners.reporting.naming import title
from runners.reporting.numbers import listed
from runners.reporting.results import shared_settings
from strategies.adaptation import AXES
from vits.corpus.split import TEST, TRAIN, VALIDATION


def corpus_section(analysis: Analysis) -> Section:
    """What the linter says of the corpus."""
    lint = analysis.experiment.lint
    if lint is None:
        return Section("corpus", "The corpus", ("No linter's findings lie with these cells; see runners/lint.py.",))
    if lint.empty:
        return Section("corpus", "The corpus", ("The linter found nothing to object to.",))
    rows = tuple(tuple(Entry(str(value)) for value in row) for row in lint.itertuples(index=False))
    table = Table("What the linter found", tuple(lint.columns), rows, n_labels=len(lint.columns))
    return Section("corpus", "The corpus", (), (table,))


def setup_section(analysis: Analysis) -> Section:
    """What was compared."""
    first = analysis.experiment.systems[0].cells[0]
    facts = tuple((Entry(name), Entry(value)) for name, value in _facts(analysis, first) if value)
    table = Table("What was compared", ("what", "which"), facts, n_labels=2)
    judges = tuple(
        (
            Entry(title(metric)),
            Entry(metric.unit),
            Entry("higher" if metric.higher_is_better else "lower"),
            Entry(metric.judge_name or "none"),
        )
        for metric in (*analysis.headline, *analysis.others)
    )
    metrics = Table("Metrics", ("metric", "unit", "better is", "judge"), judges, n_labels=4)
    return Section("setup", "What was compared", (), (table, metrics))


def _facts(analysis: Analysis, cell: CellResult) -> Iterator[tuple[str, str]]:
    """Names and values of what all cells have in common; of the first cell where they differ."""
    experiment, settings, record = analysis.experiment, cell.settings, cell.record
    used = cell.clips["split"].value_counts()
    yield "data", str(settings.get("data", {}).get("root", ""))
    yield "voices", listed(experiment.speakers, most=20)
    yield "clips", ", ".join(f"{used[split]} {split}" for split in (TRAIN, VALIDATION, TEST) if split in used)
    yield "base", _distinct(str(c.settings.get("base", {}).get("path", c.record["base"])) for c in experiment.cells)
    for axis in dict.fromkeys([*AXES, *experiment.facets]):
        yield axis, listed(sorted({system.facets.get(axis, DEFAULT) for system in experiment.systems}), most=20)
    shared = shared_settings([each.facets for each in experiment.cells])
    yield "settings of all", ", ".join(f"{name}={value}" for name, value in shared.items())
    yield "steps", _distinct(str(c.record.get("identity_of", {}).get("steps", "")) for c in experiment.cells)
    yield "steps of the results", _distinct(str(c.chosen.step) for c in experiment.cells)
    yield "seeds", listed([str(seed) for seed in experiment.seeds], most=20)
    yield "device", _distinct(str(c.record.get("device", "")) for c in experiment.cells)
    yield "versions", ", ".join(f"{name} {version}" for name, version in record.get("versions", {}).items())


def _distinct(values: Iterable[str]) -> str:
    return listed(sorted(set(values)), most=10)
