"""Which differences between systems the scores can carry: intervals, verdicts, and how large a test set must be."""

from metrics.statistics.comparison import Comparison, Estimate, Scope, Verdict, compare
from metrics.statistics.observations import Observations, observations
from metrics.statistics.planning import (
    DEMO_VARIANCES,
    SentencesNeeded,
    Variances,
    sentences_needed,
    smallest_detectable_difference,
    variances,
)

__all__ = [
    "DEMO_VARIANCES",
    "Comparison",
    "Estimate",
    "Observations",
    "Scope",
    "SentencesNeeded",
    "Variances",
    "Verdict",
    "compare",
    "observations",
    "sentences_needed",
    "smallest_detectable_difference",
    "variances",
]
