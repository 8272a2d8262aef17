"""All systems, the recommended one first, each beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from metrics.metric import Metric
from metrics.statistics.margin_verdicts import MarginVerdict, Outcome
from metrics.statistics.system_levels import level_of
from runners.reporting.analysis import Analysis
from runners.reporting.document import Entry, Section, Table
from runners.reporting.interval_figure import intervals
from runners.reporting.judges_own_texts import FLATTERED, marked_with_direction, warnings
from runners.reporting.naming import OWN_TEACHER, reference_label, title
from runners.reporting.numbers import decimals_for, interval, listed, percent, plain, signed
from runners.reporting.results import System


def ranking_section(analysis: Analysis) -> Section:
    """The table, the intervals drawn, and every verdict in full."""
    several = len(analysis.systems) > 1
    tables = [_verdicts(analysis, metric) for metric in analysis.headline] if several else []
    return Section("ranking", "Ranking", (), (_table(analysis), intervals(analysis), *tables))


def _table(analysis: Analysis) -> Table:
    several_seeds = len(analysis.experiment.seeds) > 1
    labels = ["system", "trained parameters", *(["seeds"] if several_seeds else [])]
    aim = title(analysis.verdicts.aim)
    cells = analysis.experiment.cells
    columns = [
        *labels,
        *(marked_with_direction(metric, cells) for metric in analysis.headline),
        f"costs at most ({aim})",
    ]
    if analysis.verdicts.lost.get(analysis.verdicts.aim.name):
        columns.append(f"base's voices ({aim})")
    rows = [(*_labels(system, several_seeds), *_numbers(analysis, system)) for system in analysis.systems.values()]
    width = len(columns) - len(labels) - len(analysis.headline)
    rows += [(*row, *[Entry("")] * width) for row in reference_rows(analysis, analysis.headline, n_labels=len(labels))]
    return Table("Systems, the recommended one first", tuple(columns), tuple(rows), notes=tuple(_notes(analysis)))


def _labels(system: System, several_seeds: bool) -> Iterator[Entry]:
    yield Entry(system.label)
    yield Entry(f"{system.trainable:,} ({system.trainable_percent:.1f} %)")
    if several_seeds:
        yield Entry(listed([str(seed) for seed in system.seeds]))


def _numbers(analysis: Analysis, system: System) -> Iterator[Entry]:
    verdicts, aim = analysis.verdicts, analysis.verdicts.aim
    for metric in analysis.headline:
        yield level_entry(analysis, metric, system)
    best = next((c for c in verdicts.best[aim.name].candidates if c.system == system.label), None)
    cost = best.costs_at_most if best else math.nan
    yield Entry(plain(cost, 3), is_strong=bool(best and best.may_be_best))
    lost = level_of(verdicts.lost.get(aim.name, ()), system.label)
    if lost is not None:
        yield Entry(signed(lost.mean, 3), interval(lost.lower, lost.upper, 3))


def level_entry(analysis: Analysis, metric: Metric, system: System) -> Entry:
    """The mean with its interval, and in a word how it stands beside the recommended system."""
    level = analysis.level(metric.name, system.label)
    decimals = decimals_of(analysis, metric)
    verdict = analysis.verdicts.verdict(metric.name, system.label)
    marks = [OWN_TEACHER] if system.is_taught_by(metric) else []
    marks += [short(verdict)] if verdict else []
    candidates = analysis.verdicts.best.get(metric.name)
    strong = candidates is not None and system.label in candidates.systems and len(analysis.systems) > 1
    bounds = interval(level.lower, level.upper, decimals)
    return Entry(plain(level.mean, decimals), bounds, "; ".join(marks), is_strong=strong)


def short(verdict: MarginVerdict) -> str:
    """A verdict in a word or two."""
    return f"equal within {verdict.margin:g}" if verdict.outcome is Outcome.EQUAL else verdict.outcome.value


def decimals_of(analysis: Analysis, metric: Metric) -> int:
    """How many decimals show what tells the systems apart."""
    return decimals_for(level.mean for level in analysis.verdicts.levels.get(metric.name, ()))


def reference_rows(analysis: Analysis, metrics: Sequence[Metric], n_labels: int) -> Iterator[tuple[Entry, ...]]:
    """What recordings, copy-synthesis and other speakers reach."""
    for name in dict.fromkeys(analysis.references["reference"]):
        row = [Entry(reference_label(str(name)), is_aside=True), *[Entry("")] * (n_labels - 1)]
        for metric in metrics:
            value = analysis.reference(str(name), metric)
            row.append(Entry(plain(value, decimals_of(analysis, metric)) if math.isfinite(value) else ""))
        yield tuple(row)


def _notes(analysis: Analysis) -> Iterator[str]:
    level = percent(analysis.settings.level)
    yield (
        f"In brackets: {level} intervals, each for itself. A system is named strategy · freeze policy · what else. "
        "Strong: may be the best by that metric. In small print: how it stands beside the recommended system, which is "
        "better known than the intervals' overlap suggests, since all speak the same sentences. “Costs at most” is the "
        f"most that is lost by choosing it, with {level} for all systems at once."
    )
    if any(system.is_taught_by(metric) for metric in analysis.headline for system in analysis.systems.values()):
        yield f"“{OWN_TEACHER}” means that the system learned from this judge's encoder, so its score there is biased."
    for warning in warnings(analysis.headline, analysis.experiment.cells):
        yield f"“{FLATTERED}”: {warning}"
    if len(analysis.references):
        yield f"Copy-synthesis and other reference lines are those of {analysis.recommended.label}."


def _verdicts(analysis: Analysis, metric: Metric) -> Table:
    """Every system beside the recommended one, for these voices and for voices like these."""
    cautions = {found.system: found for found in analysis.verdicts.caution.get(metric.name, ())}
    rows = tuple(
        (
            Entry(found.system),
            Entry(signed(found.estimate, 3), interval(found.lower, found.upper, 3)),
            Entry(short(found), is_strong=found.outcome is not Outcome.UNDECIDED),
            *_caution(cautions.get(found.system)),
            Entry(_needed(found)),
        )
        for label in analysis.systems
        if (found := analysis.verdicts.verdict(metric.name, label)) is not None
    )
    margin = analysis.settings.margin(metric.name)
    return Table(
        f"Beside {analysis.recommended.label}, by {title(metric)} (margin {margin:g})",
        ("system", "better by", analysis.verdicts.reach.value, "better by", "voices like these", "would decide"),
        rows,
        folded=True,
    )


def _caution(found: MarginVerdict | None) -> tuple[Entry, Entry]:
    if found is None:
        return Entry(""), Entry("")
    return Entry(signed(found.estimate, 3), interval(found.lower, found.upper, 3)), Entry(short(found))


def _needed(found: MarginVerdict) -> str:
    """What would decide what is undecided."""
    if found.needed is None:
        return ""
    ways = [
        (found.needed.sentences_per_voice, "sentences a voice"),
        (found.needed.seeds, "seeds"),
        (found.needed.voices, "voices"),
    ]
    return " or ".join(f"{number:,} {what}" for number, what in ways if number is not None) or "nothing within reach"
