"""A recording to cut and encode."""

from __future__ import annotations

import numpy as np
import pytest

from runners.corpus_making.kokoro import SAMPLE_RATE


@pytest.fixture(scope="module")
def chirp() -> np.ndarray:
    """Four seconds with silence at both ends."""
    time_s = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    wave = np.sin(2 * np.pi * (200 + 100 * time_s) * time_s) * (np.abs(time_s - 2) < 1)
    return wave.astype(np.float32)
