"""Whether a learning curve still rises at its end, and what twice the steps would likely bring."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri, stdtrit

from vits.common.errors import InputError

N_PACES = 60
FASTEST, SLOWEST = 0.25, 8.0  # of the smallest step, and of the whole length
FEWEST_STAGES = 4  # a curve of three parameters goes through three points, whatever they are


@dataclass(frozen=True)
class Outlook:
    """What twice the steps would likely bring, in the metric's unit; NaN where too few stages were scored.

    `at_end` is the fitted curve at the last step, `limit` where it goes to, and `gain` what doubling adds.
    """

    at_end: float
    limit: float
    gain: float
    lower: float
    upper: float

    @property
    def is_known(self) -> bool:
        return math.isfinite(self.gain)

    def rises(self, margin: float, *, higher_is_better: bool) -> bool | None:
        """Whether doubling surely improves by more than the margin; None where neither that nor the opposite is."""
        low, high = (self.lower, self.upper) if higher_is_better else (-self.upper, -self.lower)
        if not self.is_known or low <= margin < high:
            return None
        return low > margin


UNKNOWN = Outlook(math.nan, math.nan, math.nan, math.nan, math.nan)


def outlook(
    steps: Float[np.ndarray, "stages"], values: Float[np.ndarray, "repeats stages"], *, alpha: float = 0.05
) -> Outlook:
    """Fit `limit + distance * exp(-step / pace)` to the mean of independent repeats, such as voices' or seeds' curves.

    For every pace the other two parameters are a linear regression, and so is the gain of doubling, which each repeat
    gives for itself: Student's interval over the repeats. Paces are kept as far as the fit's squared error allows them
    (a profile likelihood, by the F test: Bates and Watts 1988, "Nonlinear Regression Analysis", section 6.1), and the
    interval covers those of all of them. The pace is that of one exponential: a curve that falls after its rise, or
    rises in two strides, isn't described by it, and shows as a wide interval.

    Raises:
        InputError: the shapes don't fit, or steps don't rise.
    """
    if values.ndim != 2 or values.shape[1] != steps.size or (np.diff(steps) <= 0).any():
        raise InputError(f"{steps.size} rising steps and values of shape {values.shape} are no curves; give a row each")
    n, stages = values.shape
    if n < 2 or stages < FEWEST_STAGES or not np.isfinite(values).all():
        return UNKNOWN
    mean = values.mean(axis=0)
    paces = np.geomspace(FASTEST * np.diff(steps).min(), SLOWEST * steps[-1], N_PACES)
    fits = [_Fit(steps, pace) for pace in paces]
    errors = np.array([fit.error(mean) for fit in fits])
    best = int(errors.argmin())
    noise = float((values.var(axis=0, ddof=1) / n).mean())
    allowed = errors[best] + _f_quantile(alpha) * max(noise, errors[best] / max(stages - 3, 1))
    t = -float(stdtrit(n - 1, alpha / 2))
    bounds = [
        (gain.mean() - t * gain.std(ddof=1) / math.sqrt(n), gain.mean() + t * gain.std(ddof=1) / math.sqrt(n))
        for fit, error in zip(fits, errors, strict=True)
        if error <= allowed
        for gain in [fit.gain(values)]
    ]
    chosen = fits[best]
    limit, distance = chosen.parameters(mean)
    return Outlook(
        float(limit + distance * math.exp(-steps[-1] / paces[best])),
        float(limit),
        float(chosen.gain(values).mean()),
        float(min(low for low, _ in bounds)),
        float(max(high for _, high in bounds)),
    )


class _Fit:
    """The linear regression that is left when the pace is known."""

    def __init__(self, steps: Float[np.ndarray, "stages"], pace: float) -> None:
        self.design = np.stack([np.ones(steps.size), np.exp(-steps / pace)], axis=1)
        self.solve = np.linalg.pinv(self.design)
        self.doubling = math.exp(-2 * steps[-1] / pace) - math.exp(-steps[-1] / pace)

    def parameters(self, values: Float[np.ndarray, "... stages"]) -> Float[np.ndarray, "... 2"]:
        return values @ self.solve.T

    def error(self, mean: Float[np.ndarray, "stages"]) -> float:
        return float(((self.design @ self.parameters(mean) - mean) ** 2).sum())

    def gain(self, values: Float[np.ndarray, "repeats stages"]) -> Float[np.ndarray, "repeats"]:
        """What twice the steps would add to each repeat's curve."""
        return self.parameters(values)[:, 1] * self.doubling


def _f_quantile(alpha: float) -> float:
    """The quantile of F with 1 and many degrees of freedom, that is of chi-square with 1."""
    return float(ndtri(1 - alpha / 2) ** 2)
