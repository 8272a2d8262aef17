"""The homework's conclusions: which start, does freezing help, and what else its tasks ask."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from metrics.statistics.contrasts import Difference
from metrics.statistics.margin_verdicts import Outcome
from runners.reporting.analysis import Analysis
from runners.reporting.document import Entry, Points, Section, Table
from runners.reporting.evidence import JUDGED
from runners.reporting.homework import Conclusion, asks_homework, conclusions, outcome, own_sentences
from runners.reporting.naming import title
from runners.reporting.numbers import NONE, counted, interval, percent, signed, signed_interval


def homework_section(analysis: Analysis) -> Section | None:
    """A sentence for each task, from the larger set of sentences, and both sets in a table."""
    found = conclusions(analysis) if asks_homework(analysis) else ()
    if not found:
        return None
    own = counted(len(own_sentences(analysis).drop_duplicates(["speaker", "utterance"])), "sentence")
    final = analysis.experiment.final
    judged = final.loc[final["split"].isin(JUDGED), ["split", "speaker", "utterance"]].drop_duplicates()
    others = counted(len(judged), "other sentence")
    table = _table(analysis, found, own, others)
    said = Points(tuple(_sentences(analysis, found, others)))
    return Section("homework", "The homework's conclusions", (), (said, table))


def _sentences(analysis: Analysis, found: Sequence[Conclusion], others: str) -> Iterator[str]:
    """One for each system that a task asks for."""
    for system in dict.fromkeys(conclusion.system for conclusion in found):
        own = [conclusion for conclusion in found if conclusion.system == system]
        verdicts = "; ".join(_verdict(analysis, conclusion) for conclusion in own)
        yield f"{own[0].question}? {system} beside {own[0].plain}, on {others}: {verdicts}."


def _verdict(analysis: Analysis, conclusion: Conclusion) -> str:
    """`SECS better by +0.100 [0.050, 0.150]`."""
    said = outcome(conclusion.others, analysis.settings.margin(conclusion.metric.name))
    if conclusion.others is None:
        return f"{title(conclusion.metric)} not scored"
    by = signed_interval(conclusion.others.estimate, conclusion.others.lower, conclusion.others.upper)
    link = "by" if said in (Outcome.BETTER, Outcome.WORSE) else "at"
    return f"{title(conclusion.metric)} {said.value} {link} {by}"


def _table(analysis: Analysis, found: Sequence[Conclusion], own: str, others: str) -> Table:
    rows = tuple(
        (
            Entry(conclusion.system),
            Entry(title(conclusion.metric)),
            *_entries(conclusion.own, margin),
            *_entries(conclusion.others, margin),
        )
        for conclusion in found
        for margin in [analysis.settings.margin(conclusion.metric.name)]
    )
    notes = (
        "Positive is better. All statements on one set of sentences hold together with "
        f"{percent(analysis.settings.level)}. What the homework's few sentences leave open, the others may decide.",
    )
    columns = ("system", "metric", f"the homework's {own}", "they say", others, "they say")
    return Table(f"Beside {found[0].plain}", columns, rows, n_labels=2, notes=notes)


def _entries(found: Difference | None, margin: float) -> tuple[Entry, Entry]:
    if found is None or math.isnan(found.estimate):
        return Entry(NONE), Entry(NONE)
    said = outcome(found, margin)
    return (
        Entry(signed(found.estimate, 3), interval(found.lower, found.upper, 3)),
        Entry(said.value, is_strong=said is not Outcome.UNDECIDED),
    )
