"""How noisy a recording is, without a clean one beside it: WADA-SNR.

The amplitudes of clean speech are distributed like a gamma distribution of shape 0.4, those of noise like a Gaussian
one. So the difference between the logarithm of the mean amplitude and the mean of its logarithm tells the mixture.
Kim and Stern 2008, "Robust signal-to-noise ratio estimation based on waveform amplitude distribution analysis",
Interspeech. The relation is computed here from the two distributions, and not taken from the published table.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from jaxtyping import Float32, Float64

LOWEST_DB, HIGHEST_DB = -20, 100
SHAPE = 0.4
POINTS = 150  # quantiles of each distribution
SMALLEST = 1e-10


def wada_snr_db(wave: Float32[np.ndarray, "samples"]) -> float:
    """The ratio of speech to noise in dB, from -20 to 100; -20 for silence.

    Of voices whose amplitudes are distributed otherwise it says up to 6 dB too little.
    """
    amplitudes = np.abs(wave.astype(np.float64) - wave.mean(dtype=np.float64))
    if not amplitudes.any():
        return float(LOWEST_DB)
    amplitudes = np.maximum(amplitudes / amplitudes.max(), SMALLEST)
    told = np.log(amplitudes.mean()) - np.log(amplitudes).mean()
    ratios = np.arange(LOWEST_DB, HIGHEST_DB + 1, dtype=np.float64)
    return float(np.interp(told, _expected(), ratios))


@cache
def _expected() -> Float64[np.ndarray, "ratios"]:
    """What the difference is at each ratio, ever higher."""
    from scipy.stats import gamma, norm

    chances = (np.arange(POINTS) + 0.5) / POINTS
    speech, noise = gamma.ppf(chances, SHAPE), norm.ppf(chances)
    speech, noise = speech / np.sqrt((speech**2).mean()), noise / np.sqrt((noise**2).mean())
    expected = []
    for ratio in range(LOWEST_DB, HIGHEST_DB + 1):
        mixed = np.maximum(np.abs(speech[:, None] + 10 ** (-ratio / 20) * noise[None]), SMALLEST)
        expected.append(np.log(mixed.mean()) - np.log(mixed).mean())
    return np.maximum.accumulate(np.array(expected))
