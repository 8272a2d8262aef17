"""The bootstrap's variances in closed form: what endless resamples would give, in a thousandth of the time.

A mean over drawn members has its variance in a formula; a weighted mean is linearised, as the bootstrap's own theory
does (Davison and Hinkley 1997, "Bootstrap Methods and their Application", section 2.7.2, the infinitesimal
jackknife; Efron 1982, "The Jackknife, the Bootstrap and Other Resampling Plans", chapter 6).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from metrics.statistics.bootstrap import ROUNDING, Samples, Spread


def linearised_spread(samples: Samples) -> Spread:
    """The same as `bootstrap` of the same samples, but for its noise of resampling."""
    defined, of_speakers = samples.defined, samples.of_speakers()
    by_speaker = _mean(of_speakers, axis=1)
    by_seed = _mean(of_speakers, axis=2)
    n_speakers, n_seeds = (~np.isnan(by_speaker)).sum(axis=1), (~np.isnan(by_seed)).sum(axis=1)
    n_utterances = defined.any(axis=1).sum(axis=-1)
    of_each = _utterances(samples, of_speakers) * n_utterances / np.maximum(n_utterances - 1, 1)
    df = n_utterances - 1
    smallest = (ROUNDING * np.abs(np.nan_to_num(samples.values)).max(initial=0.0)) ** 2
    speakers, seeds = _of_mean(by_speaker), _of_mean(by_seed)
    utterances = of_each.sum(axis=1) / np.maximum(n_speakers, 1) ** 2
    speakers, utterances, seeds = (np.where(part > smallest, part, 0.0) for part in (speakers, utterances, seeds))
    return Spread(speakers, utterances, seeds, n_speakers, n_seeds, _df(of_each, df > 0, np.maximum(df, 1)))


def _utterances(
    samples: Samples, of_speakers: Float[np.ndarray, "samples seeds speakers"]
) -> Float[np.ndarray, "samples speakers"]:
    """The variance of each speaker's mean over seeds, which spoke the same utterances, if these were drawn again."""
    weights = samples.defined * samples.weights
    total = weights.sum(axis=-1, keepdims=True)
    share = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    moved = share * np.nan_to_num(samples.values - of_speakers[..., None])
    n_seeds = np.maximum((total[..., 0] > 0).sum(axis=1), 1)
    return ((moved.sum(axis=1) / n_seeds[..., None]) ** 2).sum(axis=-1)


def _of_mean(values: Float[np.ndarray, "samples members"]) -> Float[np.ndarray, "samples"]:
    """The variance of the mean over members; 0 where there is one."""
    n = (~np.isnan(values)).sum(axis=1)
    squares = np.nan_to_num((values - _mean(values, axis=1)[:, None]) ** 2).sum(axis=1)
    return squares / np.maximum(n * (n - 1), 1)


def _mean(values: Float[np.ndarray, "..."], axis: int) -> Float[np.ndarray, "..."]:
    """The mean of what there is; NaN where nothing is."""
    there = (~np.isnan(values)).sum(axis=axis)
    total = np.nan_to_num(values).sum(axis=axis)
    return np.divide(total, there, out=np.full(total.shape, np.nan), where=there > 0)


def _df(
    variances: Float[np.ndarray, "samples speakers"], known: Bool[np.ndarray, "samples speakers"], df: np.ndarray
) -> Float[np.ndarray, "samples"]:
    """Satterthwaite's degrees of freedom of the sum; all there are where nothing varies."""
    squares = np.where(known, variances**2 / df, 0.0).sum(axis=1)
    total = np.where(known, variances, 0.0).sum(axis=1) ** 2
    return np.divide(total, squares, out=np.where(known, df, 0).sum(axis=1).astype(np.float64), where=squares > 0)
