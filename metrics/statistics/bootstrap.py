"""How far a mean would move with other speakers, other sentences and other training seeds.

Scores aren't independent: sentences of one speaker share the speaker, speakers of one run share the training. So
whole speakers are drawn again, then the utterances of each drawn speaker, and the seeds (Bisani and Ney 2004,
"Bootstrap estimates for confidence intervals in ASR performance evaluation", for word errors; Davison and Hinkley
1997, "Bootstrap Methods and their Application", section 3.8, for speakers and utterances; Owen 2007,
https://arxiv.org/abs/0712.1111, for levels that cross, as seeds and speakers do).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int

COLUMNS_AT_ONCE = 2**23  # numbers of an intermediate array: 32 MiB of float32
ROUNDING = 1e-12  # a spread below this share of the values is nothing but rounding


@dataclass(frozen=True, eq=False)
class Samples:
    """Several quantities observed on the same utterances: systems, or differences of two systems.

    `values` is NaN where there is none; `weights` as in `Observations`.
    """

    values: Float[np.ndarray, "samples seeds speakers utterances"]
    weights: Float[np.ndarray, "speakers utterances"]

    @property
    def defined(self) -> np.ndarray:
        """Where there is a value that counts."""
        return ~np.isnan(self.values) & (self.weights > 0)

    def of_speakers(self) -> Float[np.ndarray, "samples seeds speakers"]:
        """Each speaker's weighted mean, NaN without values."""
        weights = self.defined * self.weights
        return _ratio(np.einsum("krsu,krsu->krs", weights, np.nan_to_num(self.values)), weights.sum(axis=-1))

    def means(self) -> Float[np.ndarray, "samples"]:
        """The mean over speakers, then over seeds; NaN without values."""
        return _mean(_mean(self.of_speakers()))


@dataclass(frozen=True, eq=False)
class Spread:
    """Variances of the mean of each sample, by the level that is drawn again.

    `speakers` is unbiased for the variance that speakers and their utterances cause together; `utterances` for the
    part that utterances cause, with the same speakers; `seeds` for what seeds cause. Each is 0 where its level has
    one member only, so look at the counts before believing it.
    """

    speakers: Float[np.ndarray, "samples"]
    utterances: Float[np.ndarray, "samples"]
    seeds: Float[np.ndarray, "samples"]
    n_speakers: Int[np.ndarray, "samples"]
    n_seeds: Int[np.ndarray, "samples"]
    utterances_df: Float[np.ndarray, "samples"]
    """Degrees of freedom of `utterances`, by Satterthwaite (1946); 0 where no speaker has two utterances."""


def bootstrap(samples: Samples, resamples: int, rng: np.random.Generator) -> Spread:
    """Draw seeds, speakers and the utterances of each drawn speaker again, `resamples` times.

    Drawing speakers and then utterances counts the noise of utterances twice, once within the differences between
    speakers; hence the two are kept apart (Davison and Hinkley, section 3.8, shrink the speakers' means to the same
    end). A level of n members drawn with replacement moves too little, by (n - 1) / n, which is put right here.
    """
    defined, of_speakers = samples.defined, samples.of_speakers()
    speaker_means, seed_means = _mean(of_speakers.swapaxes(1, 2)), _mean(of_speakers)
    has_speaker, has_seed = ~np.isnan(speaker_means), ~np.isnan(seed_means)
    n_speakers, n_seeds = has_speaker.sum(axis=1), has_seed.sum(axis=1)
    n_utterances = defined.any(axis=1).sum(axis=-1)

    speaker_shift = _deviations(speaker_means) / np.maximum(n_speakers, 1)[:, None]
    seed_shift = _deviations(seed_means) / np.maximum(n_seeds, 1)[:, None]
    residuals = _Residuals(samples, of_speakers)
    speakers, seeds, utterances = _Moments(), _Moments(), _Moments()
    of_each_speaker = _Moments()
    for size in _chunks(resamples, 2 * of_speakers[..., 0].size):
        times_drawn = _draws(speaker_means.shape[1], size, rng)
        speakers.add(times_drawn @ speaker_shift.T)
        seeds.add(_draws(seed_means.shape[1], size, rng) @ seed_shift.T)
        moved = residuals.draw(times_drawn, rng) * _correction(n_utterances)
        of_each_speaker.add(moved)
        utterances.add(moved.sum(axis=-1) / np.maximum(n_speakers, 1))

    scale = np.abs(np.nan_to_num(samples.values)).max(initial=0.0)
    smallest = (ROUNDING * scale) ** 2
    return Spread(
        speakers=_cleaned(speakers.variance() * _correction(n_speakers) ** 2, smallest),
        utterances=_cleaned(utterances.variance(), smallest),
        seeds=_cleaned(seeds.variance() * _correction(n_seeds) ** 2, smallest),
        n_speakers=n_speakers,
        n_seeds=n_seeds,
        utterances_df=_satterthwaite(of_each_speaker.variance(), n_utterances - 1),
    )


class _Residuals:
    """Draws the utterances of speakers again, and gives by how much the speakers' values move."""

    def __init__(self, samples: Samples, of_speakers: Float[np.ndarray, "samples seeds speakers"]) -> None:
        defined = samples.defined
        centred = np.where(defined, samples.values - of_speakers[..., None], 0.0)  # float32 serves what is centred
        self.slots = [np.flatnonzero(row > 0) for row in samples.weights]
        self.numerators = [self._columns(centred * samples.weights, s) for s in range(len(self.slots))]
        self.denominators = [self._columns(defined * samples.weights, s) for s in range(len(self.slots))]
        self.shape = of_speakers.shape
        self.n_seeds = np.maximum(defined.any(axis=-1).sum(axis=1), 1)

    def _columns(self, array: np.ndarray, speaker: int) -> Float32[np.ndarray, "utterances columns"]:
        columns = array[:, :, speaker, self.slots[speaker]].reshape(-1, self.slots[speaker].size)
        return np.ascontiguousarray(columns.T, dtype=np.float32)

    def draw(
        self, times_drawn: Float[np.ndarray, "resamples speakers"], rng: np.random.Generator
    ) -> Float[np.ndarray, "resamples samples speakers"]:
        """By how much each speaker's value moves, times how often the speaker was drawn.

        A speaker drawn twice has its utterances drawn twice, each time anew: the same as one draw of twice as many.
        The same draws serve all samples, and all seeds, which spoke the same utterances.
        """
        n_samples, n_seeds, n_speakers = self.shape
        moved = np.zeros((len(times_drawn), n_samples, n_speakers), dtype=np.float32)
        for speaker, slots in enumerate(self.slots):
            if slots.size == 0:
                continue
            drawn = (times_drawn[:, speaker] * slots.size).astype(np.int64)
            counts = rng.multinomial(drawn, np.full(slots.size, 1 / slots.size)).astype(np.float32)
            weights = counts @ self.denominators[speaker]
            shift = np.divide(counts @ self.numerators[speaker], weights, out=np.zeros_like(weights), where=weights > 0)
            of_sample = shift.reshape(-1, n_samples, n_seeds).sum(axis=-1) / self.n_seeds[:, speaker]
            moved[:, :, speaker] = of_sample * times_drawn[:, speaker, None]
        return moved


class _Moments:
    """Sums from which the variance over resamples follows, so that no more than a chunk is ever held."""

    def __init__(self) -> None:
        self.n = 0
        self.sum: np.ndarray | float = 0.0
        self.squares: np.ndarray | float = 0.0

    def add(self, resampled: Float[np.ndarray, "resamples *columns"]) -> None:
        self.n += len(resampled)
        self.sum = self.sum + resampled.sum(axis=0, dtype=np.float64)
        self.squares = self.squares + np.square(resampled).sum(axis=0, dtype=np.float64)

    def variance(self) -> np.ndarray:
        return np.asarray(self.squares) / self.n - (np.asarray(self.sum) / self.n) ** 2


def _draws(members: int, resamples: int, rng: np.random.Generator) -> Float[np.ndarray, "resamples members"]:
    """How often each member is drawn when as many are drawn as there are."""
    return rng.multinomial(members, np.full(members, 1 / members), size=resamples).astype(np.float64)


def _chunks(resamples: int, columns: int) -> Iterator[int]:
    at_once = max(1, COLUMNS_AT_ONCE // columns)
    for start in range(0, resamples, at_once):
        yield min(at_once, resamples - start)


def _correction(n: Int[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """The factor on deviations that makes the variance of n members drawn with replacement unbiased."""
    return np.sqrt(n / np.maximum(n - 1, 1))


def _deviations(values: Float[np.ndarray, "samples members"]) -> Float[np.ndarray, "samples members"]:
    """From the mean of those that there are; 0 for the others."""
    return np.nan_to_num(values - _mean(values)[:, None])


def _mean(values: Float[np.ndarray, "*shape last"]) -> Float[np.ndarray, "*shape"]:
    """The mean over the last axis without NaN; NaN where nothing is left."""
    there = ~np.isnan(values)
    return _ratio(np.where(there, values, 0.0).sum(axis=-1), there.sum(axis=-1))


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    return np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator > 0)


def _cleaned(variance: Float[np.ndarray, "samples"], smallest: float) -> Float[np.ndarray, "samples"]:
    return np.where(variance > smallest, variance, 0.0)


def _satterthwaite(
    variances: Float[np.ndarray, "samples parts"], df: Int[np.ndarray, "samples parts"]
) -> Float[np.ndarray, "samples"]:
    """Degrees of freedom of a sum of variances; those without any add nothing to it."""
    squares = np.where(df > 0, variances**2 / np.maximum(df, 1), 0.0).sum(axis=1)
    total = np.where(df > 0, variances, 0.0).sum(axis=1) ** 2
    few = np.where(df > 0, df, 0).sum(axis=1)
    return np.divide(total, squares, out=few.astype(np.float64), where=squares > 0)
