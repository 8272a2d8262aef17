"""Cells whose learning curves are planted, as their folders hold them while they wait for each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from metrics.wer import WordErrorRate
from runners.results.cell_folder import CellFolder
from runners.results.race_record import Race, Racer, Rule

STAGES = (0, 25, 50, 100, 200)
SPEAKERS, SENTENCES, WORDS = ("anna", "ben"), 10, 8
SPREAD = 0.01  # of SECS between sentences
COLUMNS = pd.Index(["step", "split", "speaker", "utterance", "metric", "value"])


def field(
    experiment: Path,
    curves: Mapping[str, Sequence[float]],
    *,
    wer: Mapping[str, float] | None = None,
    retained: Mapping[str, float] | None = None,
    seeds: Sequence[int] = (0, 1),
    guards: Mapping[str, float] | None = None,
    draw: int = 0,
) -> Race:
    """A race of systems that reach so much SECS at the stages; `wer` and `retained` are the same at all but the first.

    A shorter curve is that of a system whose cells broke off.
    """
    rng = np.random.default_rng(draw)
    racers = {f"{system},seed={seed}": Racer(system, seed) for system in curves for seed in seeds}
    for name, racer in racers.items():
        _write(experiment / name, curves[racer.system], (wer or {}).get(racer.system, 0.1), rng)
        _write_retained(experiment / name, curves[racer.system], (retained or {}).get(racer.system, 0.8), rng)
    return Race(racers, STAGES, Rule("secs", guards or {}, 0.05))


def _write(cell: Path, curve: Sequence[float], wrong: float, rng: np.random.Generator) -> None:
    cell.mkdir(parents=True)
    rows: list[tuple[object, ...]] = []
    said = [("validation", who, f"v{n}", f"Sentence {n}.") for who in SPEAKERS for n in range(SENTENCES)]
    for step, level in zip(STAGES, curve, strict=False):
        for split, who, name, _ in said:
            errors = rng.binomial(WORDS, wrong)
            counts = dict.fromkeys(WordErrorRate.components, 0.0)
            counts |= {"wer": errors / WORDS, "wer_substitutions": errors, "wer_reference_words": WORDS}
            values = {"secs": level + SPREAD * rng.standard_normal(), **counts}
            rows += [(step, split, who, name, metric, value) for metric, value in values.items()]
    before = [(0, "retention", "ada", f"r{n}", "secs", 0.8 + SPREAD * rng.standard_normal()) for n in range(20)]
    CellFolder(cell).write_table("scores", pd.DataFrame([*rows, *before], columns=COLUMNS))
    texts = pd.DataFrame(said, columns=pd.Index(["split", "speaker", "utterance", "text"]))
    CellFolder(cell).write_table("texts", texts)


def _write_retained(cell: Path, curve: Sequence[float], left: float, rng: np.random.Generator) -> None:
    steps = STAGES[1 : len(curve)]
    rows = [
        (step, "retention", "ada", f"r{n}", "secs", left + SPREAD * rng.standard_normal())
        for step in steps
        for n in range(20)
    ]
    CellFolder(cell).write_table("race", pd.DataFrame(rows, columns=COLUMNS))
