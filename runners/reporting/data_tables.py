"""The report's numbers in full, as tables for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from runners.reporting.analysis import Analysis
from runners.reporting.changes import Change
from runners.reporting.results import DEFAULT


def data_tables(analysis: Analysis) -> Mapping[str, pd.DataFrame]:
    """Tables by file name without suffix; one row per value, nothing rounded."""
    return {
        "ranking": _ranking(analysis),
        "pairs": _pairs(analysis),
        "per_speaker": analysis.speakers.drop(columns=["epoch", "split"]),
        "curves": analysis.curves,
        "references": analysis.references,
        "changes": _changes(analysis),
        "chosen": _chosen(analysis),
        **({} if analysis.experiment.lint is None else {"lint": analysis.experiment.lint}),
    }


def _ranking(analysis: Analysis) -> pd.DataFrame:
    """Every system by every metric: its place, what it reaches, and its group letters."""
    rows: list[dict[str, Any]] = []
    for name, ranking in analysis.rankings.items():
        for place, estimate in enumerate(ranking.estimates, start=1):
            system = analysis.systems[estimate.system]
            rows.append(
                {
                    "metric": name,
                    "place": place,
                    "system": estimate.system,
                    **{facet: system.facets.get(facet, DEFAULT) for facet in analysis.experiment.facets},
                    "seeds": " ".join(map(str, system.seeds)),
                    "trainable": system.trainable,
                    "mean": estimate.mean,
                    "lower": estimate.lower,
                    "upper": estimate.upper,
                    "group": ranking.letters[estimate.system],
                    "own_teacher": system.is_taught_by(ranking.metric),
                    "speakers": estimate.n_speakers,
                    "utterances": estimate.n_utterances,
                    "undefined": estimate.n_undefined,
                }
            )
    return pd.DataFrame(rows)


def _pairs(analysis: Analysis) -> pd.DataFrame:
    """Every verdict, by metric."""
    rows = [
        {"metric": name, **asdict(pair), "sentence": pair.sentence()}
        for name, ranking in analysis.rankings.items()
        for pair in ranking.comparison.pairs
    ]
    return pd.DataFrame(rows)


def _changes(analysis: Analysis) -> pd.DataFrame:
    """What training changed in the new voices and in the base's."""
    rows = [
        _change(change, voices)
        for voices, found in (("new", analysis.adaptation), ("base", analysis.retention))
        for change in found
    ]
    return pd.DataFrame(rows)


def _change(change: Change, voices: str) -> dict[str, Any]:
    return {
        "voices": voices,
        "system": change.system.label,
        "metric": change.metric.name,
        "before": change.before,
        "after": change.after,
        "difference": change.difference,
        "lower": change.lower,
        "upper": change.upper,
        "verdict": change.verdict,
        "smallest_detectable": change.smallest_detectable,
    }


def _chosen(analysis: Analysis) -> pd.DataFrame:
    """Which epoch each cell's result is of."""
    rows = [
        {
            "system": label,
            "seed": cell.seed,
            "epoch": cell.chosen.epoch,
            "by": cell.chosen.by or "",
            **{f"gain_{name}": gain for name, gain in cell.chosen.gain.items()},
        }
        for label, system in analysis.systems.items()
        for cell in system.cells
    ]
    return pd.DataFrame(rows)
