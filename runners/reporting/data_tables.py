"""The report's numbers in full, as tables for other programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from metrics.statistics.system_levels import SystemLevel
from runners.reporting.analysis import Analysis
from runners.reporting.cell_result import DEFAULT
from runners.reporting.sections.effect_section import effect_sentence


def data_tables(analysis: Analysis) -> Mapping[str, pd.DataFrame]:
    """Tables by file name without suffix; one row per value, nothing rounded."""
    return {
        "ranking": pd.DataFrame(_ranking(analysis)),
        "verdicts": pd.DataFrame(_verdicts(analysis)),
        "effects": pd.DataFrame(_effects(analysis)),
        "per_speaker": analysis.speakers.drop(columns=["step", "split"]),
        "curves": analysis.curves,
        "references": analysis.references,
        "changes": pd.DataFrame(_changes(analysis)),
        "costs": pd.DataFrame(_costs(analysis)),
        "other_systems": pd.DataFrame(_beside_others(analysis)),
        "chosen": pd.DataFrame(_chosen(analysis)),
        **({} if analysis.experiment.lint is None else {"lint": analysis.experiment.lint}),
    }


def _ranking(analysis: Analysis) -> Iterator[dict[str, Any]]:
    """Every system by every metric: what it reaches, whether it may be the best, and what choosing it costs."""
    for name, levels in analysis.verdicts.levels.items():
        by_label = {level.system: level for level in levels}
        best = analysis.verdicts.best.get(name)
        candidates = {candidate.system: candidate for candidate in best.candidates} if best else {}
        metric = next(m for m in analysis.experiment.metrics if m.name == name)
        for place, (label, system) in enumerate(analysis.systems.items(), start=1):
            if label not in by_label:
                continue
            candidate = candidates.get(label)
            yield {
                "metric": name,
                "place": place,
                "system": label,
                **{facet: system.facets.get(facet, DEFAULT) for facet in analysis.experiment.facets},
                "seeds": " ".join(map(str, system.seeds)),
                "trainable": system.trainable,
                "mean": by_label[label].mean,
                "lower": by_label[label].lower,
                "upper": by_label[label].upper,
                "may_be_best": candidate.may_be_best if candidate else None,
                "costs_at_most": candidate.costs_at_most if candidate else None,
                "recommended": label == analysis.verdicts.recommended.system,
                "own_teacher": system.is_taught_by(metric),
            }


def _verdicts(analysis: Analysis) -> Iterator[dict[str, Any]]:
    """Every system beside the recommended one, for these voices and for voices like these."""
    for kind in (analysis.verdicts.beside, analysis.verdicts.caution):
        for name, found in kind.items():
            for verdict in found:
                plain = asdict(verdict)
                needed = plain.pop("needed") or {}
                yield {
                    "metric": name,
                    **plain,
                    "reach": verdict.reach.value,
                    "outcome": verdict.outcome.value,
                    **{f"needed_{what}": number for what, number in needed.items()},
                }


def _beside_others(analysis: Analysis) -> Iterator[dict[str, Any]]:
    """Every system of the grid beside those that this project didn't train."""
    for found in analysis.foreign:
        for verdict in (*found.verdicts, *found.caution):
            plain = asdict(verdict)
            del plain["needed"]
            named = {"metric": found.metric.name, "sentences": found.n_sentences}
            yield {**named, **plain, "reach": verdict.reach.value, "outcome": verdict.outcome.value}


def _effects(analysis: Analysis) -> Iterator[dict[str, Any]]:
    """What each choice of an axis gains: on average (no context), and in each context."""
    for name, found in analysis.verdicts.effects.items():
        for effect in found:
            said = {"metric": name, "axis": effect.axis, "a": effect.a, "b": effect.b, "reach": effect.reach.value}
            bounds = {"estimate": effect.estimate, "lower": effect.lower, "upper": effect.upper}
            yield {**said, "context": "", **bounds, "sentence": effect_sentence(effect)}
            for simple in effect.simple:
                context = " ".join(f"{axis}={level}" for axis, level in simple.context)
                bounds = {"estimate": simple.estimate, "lower": simple.lower, "upper": simple.upper}
                yield {**said, "context": context, **bounds, "sentence": ""}


def _changes(analysis: Analysis) -> Iterator[dict[str, Any]]:
    """What training changed in the new voices and in the base's."""
    for voices, kind in (("new", analysis.verdicts.gained), ("base", analysis.verdicts.lost)):
        for name, levels in kind.items():
            yield from (_change(voices, name, level) for level in levels)


def _change(voices: str, metric: str, level: SystemLevel) -> dict[str, Any]:
    return {
        "voices": voices,
        "system": level.system,
        "metric": metric,
        "difference": level.mean,
        "lower": level.lower,
        "upper": level.upper,
    }


def _costs(analysis: Analysis) -> Iterator[dict[str, Any]]:
    """What each cell cost, as it says itself."""
    for label, system in analysis.systems.items():
        for cell in system.cells:
            yield {"system": label, "seed": cell.seed, **cell.record.get("cost", {})}


def _chosen(analysis: Analysis) -> Iterator[dict[str, Any]]:
    """Which step each cell's result is of."""
    for label, system in analysis.systems.items():
        for cell in system.cells:
            yield {
                "system": label,
                "seed": cell.seed,
                "step": cell.chosen.step,
                "by": cell.chosen.by or "",
                **{f"gain_{name}": gain for name, gain in cell.chosen.gain.items()},
            }
