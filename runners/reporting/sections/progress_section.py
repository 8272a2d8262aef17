"""The verdict along the training: until when a choice matters, and what twice the steps would bring."""

from __future__ import annotations

import math
from collections.abc import Iterator

from runners.reporting.analysis import Analysis
from runners.reporting.document import Entry, Points, Section, Table
from runners.reporting.naming import title
from runners.reporting.numbers import NONE, interval, listed, plain, signed
from runners.reporting.progress import NEARLY, Along, Progress
from runners.reporting.sections.effect_section import effect_sentence


def progress_section(analysis: Analysis) -> Section | None:
    """Sentences for each axis, and a table of all systems' outlooks."""
    progress = analysis.progress
    if progress is None:
        return None
    margin = analysis.settings.margin(progress.metric.name)
    said = (*(sentence(along, progress, margin) for along in progress.along), *_left_behind(progress))
    blocks = (*((Points(said),) if said else ()), _table(analysis, progress, margin))
    paragraph = (
        f"By {title(progress.metric)} on the validation sentences, which are spoken at every evaluation: after "
        f"{', '.join(str(step) for step in progress.steps)} steps."
    )
    return Section("along", "Along the training", (paragraph,), blocks)


def _left_behind(progress: Progress) -> Iterator[str]:
    """Which systems a longer training can do without."""
    if progress.behind:
        least = (f"{found.system} (by {plain(found.at_least, 3)} at least)" for found in progress.behind)
        yield (
            f"Whoever trains on to {progress.twice} steps can leave out, by {title(progress.metric)}: "
            f"{listed(least, most=12)}. These stay behind the leading systems even if they go on rising as fast as "
            "between the last two stages."
        )


def sentence(along: Along, progress: Progress, margin: float) -> str:
    """`strategy matters for the first 100 steps: ...; afterwards all choices are equal within 0.02`."""
    last = progress.steps[-1]
    at_end = along.at(last)
    if along.matters_until is None:
        start = f"{along.axis}: at no stage are two choices told apart"
    elif along.matters_until == last:
        widest = along.at(last)
        return f"{along.axis} matters to the end: after {last} steps {effect_sentence(widest) if widest else ''}."
    else:
        widest = along.at(along.matters_until)
        start = (
            f"{along.axis} matters for the first {along.matters_until} steps"
            f"{f': {effect_sentence(widest)}' if widest else ''}"
        )
    if along.equal_from is not None:
        return f"{start}; from {along.equal_from} steps on all choices are equal within {margin:g}."
    left = f"; after {last} steps {effect_sentence(at_end)}" if at_end else ""
    return f"{start}{left}."


def _table(analysis: Analysis, progress: Progress, margin: float) -> Table:
    rows = tuple(
        (
            Entry(label),
            Entry(_steps(progress.steps_to.get(label, math.nan))),
            *_outlook(progress, label, margin),
        )
        for label in analysis.systems
    )
    nearly = f"steps to {100 * NEARLY:.0f} % of {analysis.recommended.label}"
    notes = (
        "A saturating curve is fitted to each voice's stages; the interval covers the voices and all paces that the "
        "stages allow. Nearly as good: that share of the recommended system's way from its start to its end.",
    )
    columns = ("system", nearly, "twice the steps would bring", "at its end")
    return Table("Outlook", columns, rows, notes=notes)


def _outlook(progress: Progress, label: str, margin: float) -> tuple[Entry, Entry]:
    found = progress.outlooks.get(label)
    if found is None or not found.is_known:
        return Entry(NONE), Entry("too few stages")
    rises = found.rises(margin, higher_is_better=progress.metric.higher_is_better)
    verdict = {True: "still rises", False: "levelled off", None: "undecided"}[rises]
    return Entry(signed(found.gain, 3), interval(found.lower, found.upper, 3)), Entry(verdict)


def _steps(steps: float) -> str:
    return f"{steps:.0f}" if math.isfinite(steps) else "not reached"
