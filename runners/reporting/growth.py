"""What more recordings of a voice bring: systems that differ in nothing but how much they were trained on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from metrics.metric import Metric
from metrics.statistics.contrasts import Difference, difference
from runners.reporting.analysis import Analysis
from runners.reporting.cell_result import DEFAULT
from runners.reporting.results import System
from vits.corpus.split import TRAIN

AMOUNT = "data.utterances_per_speaker"


@dataclass(frozen=True)
class Growth:
    """One adaptation with several amounts of data, the smallest first: utterances a voice and the system's label."""

    name: str
    points: tuple[tuple[float, str], ...]

    @property
    def largest(self) -> str:
        return self.points[-1][1]


@dataclass(frozen=True)
class ShareOfGain:
    """How much of what the largest amount gains over no training a smaller one gives, and what it lacks."""

    growth: Growth
    amount: float
    largest: float
    share: float
    lacks: Difference


def growths(analysis: Analysis) -> tuple[Growth, ...]:
    """The adaptations that were trained with two amounts of data or more, in the order of the ranking."""
    families: dict[str, list[tuple[float, str]]] = {}
    for label, system in analysis.systems.items():
        families.setdefault(_family(system), []).append((utterances_a_voice(system), label))
    return tuple(
        Growth(name, tuple(sorted(points)))
        for name, points in families.items()
        if len({amount for amount, _ in points}) > 1
    )


def shares_of_gain(analysis: Analysis, metric: Metric) -> Iterator[ShareOfGain]:
    """For each adaptation and each smaller amount, where the largest one gains at all."""
    parts = analysis.evidence.new.get(metric.name)
    gained = {level.system: level for level in analysis.verdicts.gained.get(metric.name, ())}
    for growth in growths(analysis):
        if parts is None or growth.largest not in gained or growth.largest not in parts.systems:
            continue
        whole = metric.sign * gained[growth.largest].mean
        for amount, label in growth.points[:-1]:
            if label in parts.systems and whole > 0:
                lacks = difference(
                    parts, growth.largest, label, reach=analysis.verdicts.reach, alpha=analysis.verdicts.alpha
                )
                share = 1 - lacks.estimate / whole
                yield ShareOfGain(growth, amount, growth.points[-1][0], share, lacks)


def utterances_a_voice(system: System) -> float:
    """How many training utterances a voice has, on average."""
    clips = system.cells[0].clips
    trained = clips[clips["split"] == TRAIN]
    n_voices = trained["speaker"].nunique()
    return len(trained) / n_voices if n_voices else math.nan


def _family(system: System) -> str:
    """Everything that the system is but the amount of data."""
    amount = system.facets.get(AMOUNT, DEFAULT)
    return " · ".join(part for part in system.label.split(" · ") if part != f"{AMOUNT}={amount}")
