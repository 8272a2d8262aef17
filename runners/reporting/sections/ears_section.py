"""What listeners said, if any were asked."""

from __future__ import annotations

from metrics.statistics.preferences import Estimated
from runners.reporting.analysis import Analysis
from runners.reporting.document import Entry, Section, Table
from runners.reporting.ears import Ears
from runners.reporting.naming import title
from runners.reporting.numbers import counted, interval, listed, plain


def ears_section(analysis: Analysis) -> Section | None:
    """Whom they prefer, how alike the voices are, and which metric hears what they hear."""
    ears = analysis.ears
    if ears is None:
        return None
    similar = {estimate.name: estimate for estimate in ears.similar}
    rows = tuple(
        (Entry(estimate.name), _share(estimate), _rating(similar.get(estimate.name))) for estimate in ears.preferred
    )
    notes = (
        "How often a system is preferred to another of them, and how alike its voice is to the recording's, from 1 "
        "(another voice) to 5 (the same). The intervals hold for other listeners and other sentences.",
    )
    table = Table("What was preferred", ("system", "preferred", "alike"), rows, notes=notes)
    return Section("ears", "What listeners say", tuple(sentences(analysis, ears)), (table,))


def sentences(analysis: Analysis, ears: Ears) -> list[str]:
    """How well the metrics agree with the ears, and who contradicts themself."""
    said = [f"{counted(ears.n_raters, 'listener')} answered {counted(ears.n_votes, 'pair')}."]
    for estimate in ears.agreement:
        metric = analysis.experiment.metric(estimate.name)
        name = title(metric) if metric else estimate.name
        bounds = interval(100 * estimate.lower, 100 * estimate.upper, 0)
        said.append(f"For these voices {name} agrees in {100 * estimate.value:.0f} % of pairs {bounds}".strip() + ".")
    others = [f"{rater} ({n} of {of})" for rater, (n, of) in sorted(ears.contradictions.items()) if n]
    if others:
        said.append(f"Answered otherwise when the same pair came again: listener {listed(others, most=12)}.")
    return said


def _share(estimate: Estimated) -> Entry:
    return Entry(f"{100 * estimate.value:.0f} %", interval(100 * estimate.lower, 100 * estimate.upper, 0))


def _rating(estimate: Estimated | None) -> Entry:
    return (
        Entry("") if estimate is None else Entry(plain(estimate.value, 2), interval(estimate.lower, estimate.upper, 2))
    )
