"""What the tests of statistics share: small grids, and how many errors a sound procedure makes at most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import binom

from metrics.statistics.paired_scores import PairedScores, Scale
from metrics.statistics.planted_grid import README_SPREADS, SECS_SCALE, PlantedGrid

WER_SCALE = Scale("wer", "errors per word", higher_is_better=False, lowest=0.0)
FLAT = PlantedGrid(((0.5,) * 3,) * 4, README_SPREADS["secs"])
PAIR = PlantedGrid(((0.5, 0.5),), README_SPREADS["secs"])


def most_errors(experiments: int, level: float = 0.05) -> int:
    """What a procedure that errs exactly as often as promised passes in 999 of 1,000 runs; seeds are fixed."""
    return int(binom.ppf(0.999, experiments, level))


def all_pairs(n: int) -> np.ndarray:
    """Contrasts of all pairs of n systems."""
    first, second = np.triu_indices(n, 1)
    return np.eye(n)[first] - np.eye(n)[second]


def scores_of(values: Sequence[Sequence[Sequence[Sequence[float]]]], scale: Scale = SECS_SCALE) -> PairedScores:
    """Values by system, seed, voice and utterance; every utterance is a text of its own."""
    array = np.array(values, dtype=np.float64)
    n_systems, n_seeds, n_voices, n_utterances = array.shape
    return PairedScores(
        scale,
        tuple("abcdefghijkl"[:n_systems]),
        tuple(f"v{place}" for place in range(n_voices)),
        array.reshape(n_systems, n_seeds, -1),
        np.ones(n_voices * n_utterances),
        np.repeat(np.arange(n_voices), n_utterances),
        np.arange(n_voices * n_utterances),
    )


def word_errors(
    rng: np.random.Generator, systems: int, seeds: int, voices: int, sentences: int, by_training: float = 0.15
) -> tuple[PairedScores, float]:
    """Poisson word errors, most sentences without any, of systems of one expected rate; and that rate."""
    rate, words = 0.1, rng.integers(5, 13, size=(voices, sentences)).astype(np.float64)
    difficulty = rng.gamma(0.5, 2.0, size=(1, 1, voices, sentences))
    training = np.exp(by_training * rng.standard_normal((systems, seeds, 1, 1)) - by_training**2 / 2)
    errors = rng.poisson(rate * difficulty * training * words)
    scores = PairedScores(
        WER_SCALE,
        tuple(f"system {k}" for k in range(systems)),
        tuple(f"voice {s}" for s in range(voices)),
        (errors / words).reshape(systems, seeds, -1),
        words.ravel(),
        np.repeat(np.arange(voices), sentences),
        np.arange(voices * sentences),
    )
    return scores, rate


def rows_of(scores: PairedScores) -> pd.DataFrame:
    """The table that these scores come from."""
    return pd.DataFrame(
        [
            (system, seed, scores.speakers[speaker], f"{n}.wav", f"text {text}", scores.values[k, seed, n], weight)
            for k, system in enumerate(scores.systems)
            for seed in range(scores.values.shape[1])
            for n, (speaker, text, weight) in enumerate(
                zip(scores.speaker_of, scores.text_of, scores.weights, strict=True)
            )
        ],
        columns=pd.Index(["system", "seed", "speaker", "utterance", "text", "value", "weight"]),
    )
