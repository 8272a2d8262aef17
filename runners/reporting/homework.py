"""What the homework's tasks ask, answered on its own few sentences and on the others that were spoken."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from metrics.metric import Metric
from metrics.statistics.contrasts import Difference, difference, headline
from metrics.statistics.margin_verdicts import Outcome
from metrics.statistics.metric_scores import metric_scores
from metrics.statistics.variance_components import Components, components
from runners.bases.base import SCRATCH
from runners.reporting.analysis import Analysis
from runners.reporting.cell_result import DEFAULT
from runners.reporting.results import System
from runners.reporting.verdicts import facets_of
from strategies.adaptation import BY_DEFAULT
from vits.corpus.filelists import FilelistsCorpus

SPLIT = FilelistsCorpus.test_split
QUESTIONS: Mapping[str, str] = {
    "strategy": "Does the start of the new rows matter",
    "freeze": "Does freezing help",
    "adapter": "Does conditioning or another adapter help",
    "base": "Can the small dataset do without a base",
}
"""By the axis in which a system differs from the plain one, which is the default on all: new rows from old ones,
everything trained."""


@dataclass(frozen=True)
class Conclusion:
    """A system beside the plain one, by one metric: on the homework's own sentences, and on the others.

    Positive where the system is better; None where it has no score there.
    """

    question: str
    system: str
    plain: str
    metric: Metric
    own: Difference | None
    others: Difference | None


def asks_homework(analysis: Analysis) -> bool:
    """Whether the homework's own sentences were spoken."""
    return SPLIT in set(analysis.experiment.final["split"])


def conclusions(analysis: Analysis) -> tuple[Conclusion, ...]:
    """Each system that differs from the plain one in one thing, by each metric of the headline.

    All of them on one set of sentences hold together (Bonferroni's inequality). Empty without the plain system.
    """
    facets = facets_of(analysis.experiment)
    plain = next((label for label in analysis.systems if _is_plain(facets[label])), None)
    if plain is None:
        return ()
    asked = [(said, s.label) for s in analysis.systems.values() if (said := _question(s, facets[s.label]))]
    alpha = analysis.verdicts.alpha / max(len(asked) * len(analysis.headline), 1)
    own = dict(_own(analysis))
    return tuple(
        Conclusion(
            question,
            label,
            plain,
            metric,
            _beside(own.get(metric.name), label, plain, alpha),
            _beside(analysis.evidence.new.get(metric.name), label, plain, alpha),
        )
        for question, label in asked
        for metric in analysis.headline
    )


def outcome(found: Difference | None, margin: float) -> Outcome:
    """What an interval says."""
    if found is None or not (math.isfinite(found.lower) and math.isfinite(found.upper)):
        return Outcome.UNDECIDED
    if -margin <= found.lower and found.upper <= margin:
        return Outcome.EQUAL
    return Outcome.BETTER if found.lower > 0 else Outcome.WORSE if found.upper < 0 else Outcome.UNDECIDED


def own_sentences(analysis: Analysis) -> pd.DataFrame:
    """The scores of the homework's own sentences at each cell's result, with their texts."""
    rows = analysis.experiment.final
    return analysis.experiment.with_texts(rows[rows["split"] == SPLIT])


def _own(analysis: Analysis) -> Iterator[tuple[str, Components]]:
    rows = own_sentences(analysis)
    scored = set(rows.loc[rows["value"].notna(), "metric"])
    for metric in analysis.headline:
        if metric.name in scored:
            yield metric.name, components(metric_scores(rows, metric))


def _beside(parts: Components | None, system: str, plain: str, alpha: float) -> Difference | None:
    if parts is None or not {system, plain} <= set(parts.systems):
        return None
    return difference(parts, system, plain, reach=headline(parts), alpha=alpha)


def _is_plain(facets: Mapping[str, str]) -> bool:
    return all(value == BY_DEFAULT.get(name, DEFAULT) for name, value in facets.items())


def _question(system: System, facets: Mapping[str, str]) -> str | None:
    """What a system's difference from the plain one answers; None where it differs in more than one thing."""
    if system.cells[0].record.get("base") == SCRATCH:
        return QUESTIONS["base"]
    differing = [name for name, value in facets.items() if value != BY_DEFAULT.get(name, DEFAULT)]
    return QUESTIONS.get(differing[0]) if len(differing) == 1 else None
