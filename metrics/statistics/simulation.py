"""Experiments whose truth is known: to see how often verdicts are wrong, and how often they find what is there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from metrics.statistics.observations import Observations
from vits.common.errors import InputError


@dataclass(frozen=True)
class Planted:
    """Word errors of several systems whose true error rates are known.

    A system's errors in a sentence are Poisson, at a rate that is the product of its true `rates`, the difficulty
    of the sentence (gamma of mean 1, the same for all systems; the smaller `shape`, the more sentences without an
    error, and the heavier the tail), how the speaker suits the system and how the training went (log-normal of
    mean 1, drawn for each system anew, with spreads `by_speaker` for each system, and `by_seed`). So systems of
    the same rate have the same expectation for speakers like these, while no two speakers agree on them.

    Raises:
        InputError: rates and spreads of different number, or no speaker, sentence, word or seed.
    """

    rates: tuple[float, ...] = (0.2, 0.2)
    by_speaker: tuple[float, ...] = (0.3, 0.3)
    by_seed: float = 0.0
    shape: float = 0.5
    speakers: int = 5
    sentences: int = 10
    words: tuple[int, int] = (5, 12)
    seeds: int = 1

    def __post_init__(self) -> None:
        if len(self.rates) != len(self.by_speaker):
            raise InputError(f"rates={self.rates} and by_speaker={self.by_speaker} must have one number per system")
        if min(self.speakers, self.sentences, self.seeds, *self.words) < 1:
            raise InputError(f"{self} needs at least one speaker, sentence, seed and word")

    def draw(self, rng: np.random.Generator) -> Observations:
        """One experiment."""
        systems, seeds, speakers, sentences = len(self.rates), self.seeds, self.speakers, self.sentences
        difficulty = rng.gamma(self.shape, 1 / self.shape, size=(1, 1, speakers, sentences))
        suits = _log_normal(np.array(self.by_speaker)[:, None, None, None], (systems, 1, speakers, 1), rng)
        training = _log_normal(np.array(self.by_seed), (systems, seeds, 1, 1), rng)
        words = rng.integers(self.words[0], self.words[1] + 1, size=(speakers, sentences)).astype(np.float64)
        errors = rng.poisson(np.array(self.rates)[:, None, None, None] * difficulty * suits * training * words)
        return Observations(
            metric="wer",
            unit="errors per reference word",
            higher_is_better=False,
            systems=tuple(f"system {k}" for k in range(systems)),
            speakers=tuple(f"speaker {s}" for s in range(speakers)),
            values=errors / words,
            weights=words,
        )


def _log_normal(
    spread: Float[np.ndarray, "*systems"], size: tuple[int, ...], rng: np.random.Generator
) -> Float[np.ndarray, "..."]:
    return np.exp(spread * rng.standard_normal(size) - spread**2 / 2)
