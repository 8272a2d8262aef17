"""Loudness as EBU R 128 and ITU-R BS.1770 measure it."""

from __future__ import annotations

import math
import warnings

import numpy as np
from jaxtyping import Float32

from metrics.optional_packages import require

TARGET_LUFS = -23.0  # EBU R 128
HIGHEST_PEAK_DB = -1.0  # below full scale, so that no decoder clips


def loudness_lufs(wave: Float32[np.ndarray, "samples"], sample_rate: int) -> float:
    """The integrated loudness of a clip of at least 0.4 s; minus infinity for silence."""
    pyloudnorm = require("pyloudnorm", "prepare", "runners/prepare.py")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # it takes the logarithm of silence
        return float(pyloudnorm.Meter(sample_rate).integrated_loudness(wave.astype(np.float64)))


def gain_to_target_db(wave: Float32[np.ndarray, "samples"], loudness: float) -> float:
    """By how much to raise a clip, as far as its peak allows."""
    peak_db = 20 * math.log10(max(float(np.abs(wave).max()), 1e-9))
    return min(TARGET_LUFS - loudness, HIGHEST_PEAK_DB - peak_db)


def amplified(wave: Float32[np.ndarray, "samples"], gain_db: float) -> Float32[np.ndarray, "samples"]:
    """The clip that much louder."""
    return (wave * np.float32(10 ** (gain_db / 20))).astype(np.float32)
