"""The metrics beside the headline, and the values that are undefined."""

from __future__ import annotations

from metrics.metric import Metric
from runners.reporting.analysis import Analysis
from runners.reporting.document import Entry, Section, Table
from runners.reporting.evidence import JUDGED
from runners.reporting.judges_own_texts import marked_with_direction, warnings
from runners.reporting.naming import title
from runners.reporting.numbers import counted
from runners.reporting.sections.ranking_section import level_entry, reference_rows


def metric_section(analysis: Analysis) -> Section | None:
    """One table a metric."""
    if not analysis.others:
        return None
    return Section("metrics", "All other metrics", (), tuple(_table(analysis, metric) for metric in analysis.others))


def _table(analysis: Analysis, metric: Metric) -> Table:
    rows = tuple((Entry(label), level_entry(analysis, metric, s)) for label, s in analysis.systems.items())
    references = tuple(reference_rows(analysis, [metric], 1))
    cells = analysis.experiment.cells
    caption = f"{marked_with_direction(metric, cells)} ({metric.unit})"
    notes = tuple(warnings([metric], cells))
    return Table(caption, ("system", "mean"), rows + references, notes=notes, folded=True)


def undefined_section(analysis: Analysis) -> Section:
    """How many values are NaN."""
    rows = analysis.experiment.final
    rows = rows[rows["split"].isin(JUDGED)]
    names = {metric.name: metric for metric in (*analysis.headline, *analysis.others)}
    own = rows[rows["metric"].isin(list(names))]
    total = own.groupby(["system", "metric"])["value"].agg(["size", "count"])
    missing = {key: (int(n - defined), int(n)) for key, n, defined in total.itertuples() if n > defined}
    if not missing:
        said = f"Every metric gave a value for every test sentence of every system ({counted(len(own), 'value')})."
        return Section("undefined", "Undefined values", (said,))
    concerned = [name for name in names if any(name == metric for _, metric in missing)]
    table = Table(
        "Undefined values",
        ("system", *(title(names[name]) for name in concerned)),
        tuple(
            (Entry(label), *(Entry(_entry(missing, label, name)) for name in concerned)) for label in analysis.systems
        ),
    )
    said = "Test sentences for which a metric has no value (NaN), of all that were scored; they are left out of means."
    return Section("undefined", "Undefined values", (said,), (table,))


def _entry(missing: dict[tuple[str, str], tuple[int, int]], label: str, name: str) -> str:
    undefined, total = missing.get((label, name), (0, 0))
    return f"{undefined} of {total}" if total else "none"
