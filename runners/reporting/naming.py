"""How metrics and systems are called in a report."""

from __future__ import annotations

from collections.abc import Iterable

from metrics.metric import Metric

REFERENCES = {
    "recording": "the recordings themselves",
    "copy_synthesis": "copy-synthesis",
    "other_speakers": "recordings of other speakers",
}
OWN_TEACHER = "its own teacher"


def title(metric: Metric) -> str:
    """`SECS GE2E`."""
    return metric.name.upper().replace("_", " ")


def with_direction(metric: Metric) -> str:
    """`WER ↓`: an arrow to the better side."""
    return f"{title(metric)} {'↑' if metric.higher_is_better else '↓'}"


def reference_label(name: str) -> str:
    """What a row of references.csv is of."""
    return REFERENCES.get(name, name.replace("_", " "))


def second_judges(metric: Metric, metrics: Iterable[Metric], teachers: Iterable[str]) -> list[Metric]:
    """Metrics that ask another judge the same: of the same unit and direction, and nobody's teacher here."""
    return [
        other
        for other in metrics
        if other.name != metric.name
        and (other.unit, other.higher_is_better) == (metric.unit, metric.higher_is_better)
        and other.judge is not None
        and other.judge not in {metric.judge, *teachers}
    ]
