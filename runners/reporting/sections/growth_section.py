"""What more recordings would bring, where amounts were compared."""

from __future__ import annotations

from runners.reporting.analysis import Analysis
from runners.reporting.document import Points, Section
from runners.reporting.growth import ShareOfGain, growths, shares_of_gain
from runners.reporting.growth_figure import growth_curves
from runners.reporting.naming import title
from runners.reporting.numbers import signed_interval


def growth_section(analysis: Analysis) -> Section | None:
    """A figure for each metric of the headline, and what a part of the data gives in words."""
    found = growths(analysis)
    if not found:
        return None
    aim = analysis.verdicts.aim
    said = tuple(_sentence(share, title(aim)) for share in shares_of_gain(analysis, aim))
    pictures = tuple(growth_curves(analysis, metric, found) for metric in analysis.headline)
    return Section("growth", "What more recordings bring", (), (*((Points(said),) if said else ()), *pictures))


def _sentence(share: ShareOfGain, name: str) -> str:
    """`nearest · none: 20 utterances give 95 % of the gain that 60 give in SECS`."""
    lacks = signed_interval(share.lacks.estimate, share.lacks.lower, share.lacks.upper)
    return (
        f"{share.growth.name}: {share.amount:g} utterances a voice give {100 * share.share:.0f} % of the gain in "
        f"{name} that {share.largest:g} give; what they lack is {lacks}."
    )
