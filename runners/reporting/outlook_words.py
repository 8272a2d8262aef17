"""A system's outlook in a sentence."""

from __future__ import annotations

from runners.reporting.naming import title
from runners.reporting.numbers import MOST_DECIMALS, signed, signed_interval
from runners.reporting.progress import Progress


def outlook_sentence(progress: Progress, system: str, margin: float) -> str:
    """Whether a system still rises, and what twice the steps would likely bring; empty where nothing is known."""
    found = progress.outlooks.get(system)
    if found is None or not found.is_known:
        return ""
    rises = found.rises(margin, higher_is_better=progress.metric.higher_is_better)
    name = title(progress.metric)
    if rises is None:
        least, most = (signed(bound, MOST_DECIMALS) for bound in (found.lower, found.upper))
        return f"Whether it still rises isn't known: twice the steps may change {name} by {least} to {most}."
    how = "It still rises" if rises else "It has levelled off"
    gain = signed_interval(found.gain, found.lower, found.upper)
    return f"{how}: twice the steps would likely bring {gain} {name}."
