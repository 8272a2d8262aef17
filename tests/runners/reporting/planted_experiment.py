"""Experiments whose truth is known: what each system reaches by SECS and WER, before and after training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from metrics.wer import WordErrorRate
from runners.evaluation.evaluator import RETENTION
from runners.reporting.cell_result import CellResult
from runners.reporting.results import Experiment, System

SPEAKERS, SENTENCES, WORDS = 4, 12, 8
SPREAD = 0.02  # of SECS between sentences


def planted(
    experiment: Experiment,
    secs: Mapping[str, float],
    *,
    wer: Mapping[str, float] | None = None,
    retained: Mapping[str, float] | None = None,
    seeds: Sequence[int] = (0, 1),
    untrained: float = 0.2,
) -> Experiment:
    """Systems around their means, independently for each seed, speaker and sentence.

    `wer` is each system's share of wrong words, a tenth by default; `retained` what the base's voices have left of a
    SECS of 0.8 after training.
    """
    rng = np.random.default_rng(1)
    rows: list[tuple[object, ...]] = []
    for label, mean in secs.items():
        for seed in seeds:
            for step, level in ((0, untrained), (2, mean)):
                rows += _new_voices(label, seed, step, level, (wer or {}).get(label, 0.1), rng)
                kept = 0.8 if step == 0 else (retained or {}).get(label, 0.8)
                rows += _old_voices(label, seed, step, kept, rng)
    systems = tuple(_with_seeds(s, seeds) for s in experiment.systems if s.label in secs)
    scores = pd.DataFrame(rows, columns=experiment.scores.columns)
    metrics = tuple(metric for metric in experiment.metrics if metric.name in set(scores["metric"]))
    return replace(experiment, systems=systems, metrics=metrics, scores=scores)


def with_further(experiment: Experiment, secs: Mapping[str, float], sentences: int) -> Experiment:
    """The same when some of its systems spoke so many further sentences, with these means."""
    rng = np.random.default_rng(2)
    rows = [
        (system.label, cell.seed, 2, "texts", f"s{speaker}", f"more{n}", "secs", secs[system.label] + noise)
        for system in experiment.systems
        if system.label in secs
        for cell in system.cells
        for speaker in range(SPEAKERS)
        for n, noise in enumerate(rng.normal(0, SPREAD, sentences))
    ]
    return replace(experiment, further=pd.DataFrame(rows, columns=experiment.scores.columns))


def _new_voices(
    label: str, seed: int, step: int, level: float, wrong: float, rng: np.random.Generator
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for speaker in range(SPEAKERS):
        for n in range(SENTENCES):
            key = (label, seed, step, "test", f"s{speaker}", f"u{n}")
            rows.append((*key, "secs", level + rng.normal(0, SPREAD)))
            errors = rng.binomial(WORDS, wrong)
            counts = dict.fromkeys(WordErrorRate.components, 0.0)
            counts |= {"wer_substitutions": errors, "wer_reference_words": WORDS}
            rows += [(*key, name, value) for name, value in {"wer": errors / WORDS, **counts}.items()]
    return rows


def _old_voices(label: str, seed: int, step: int, level: float, rng: np.random.Generator) -> list[tuple[object, ...]]:
    return [(label, seed, step, RETENTION, f"b{n}", f"u{n}", "secs", level + rng.normal(0, SPREAD)) for n in range(40)]


def _with_seeds(system: System, seeds: Sequence[int]) -> System:
    first = system.cells[0]
    cells = tuple(
        CellResult(first.folder, {**first.record, "seed": seed, "identity": f"{system.label} {seed}"}) for seed in seeds
    )
    return System(system.facets, cells)


def taught(experiment: Experiment, strategy: str, teacher: str) -> Experiment:
    """The same with that judge as the teacher of all systems of a strategy."""
    systems = tuple(
        System(s.facets, tuple(CellResult(c.folder, {**c.record, "teachers": [teacher]}) for c in s.cells))
        if s.facets["strategy"] == strategy
        else s
        for s in experiment.systems
    )
    return replace(experiment, systems=systems)
