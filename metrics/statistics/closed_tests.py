"""Which of several tests hold at once."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def closed_level(p: Float[np.ndarray, "tests"], alpha: float) -> float:
    """The level up to which p values count, so that all of those together are wrong with `alpha` at most.

    Hommel's procedure (1988, "A stagewise rejective multiple test procedure based on a modified Bonferroni test",
    Biometrika 75): a test holds if every set of tests that it is in is refuted by Simes' inequality (1986, Biometrika
    73), which needs tests that go together, as those beside a common reference do. It is never less than `alpha / n`.
    """
    return alpha / max(_not_refuted(np.sort(p), alpha), 1)


def _not_refuted(ascending: Float[np.ndarray, "tests"], alpha: float) -> int:
    """The most hypotheses that may be true together."""
    sizes = range(len(ascending), 0, -1)
    return next((j for j in sizes if (ascending[-j:] > alpha * np.arange(1, j + 1) / j).all()), 0)
