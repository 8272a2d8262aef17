"""Ridge regression whose strength is chosen by what is left out of the fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class RidgeRegression:
    """A linear map with an intercept, and how far it misses what is left out: the mean squared error.

    Hoerl and Kennard, Ridge regression, 1970.
    """

    x_mean: Float[Tensor, "inputs"]
    y_mean: Float[Tensor, "outputs"]
    weights: Float[Tensor, "inputs outputs"]
    error: float

    def __call__(self, at: Float[Tensor, "inputs"]) -> Float[Tensor, "outputs"]:
        """What is predicted there, in double precision."""
        return self.y_mean + (at.double() - self.x_mean) @ self.weights


def fit_ridge(
    x: Float[Tensor, "rows inputs"], y: Float[Tensor, "rows outputs"], strengths: Sequence[float]
) -> RidgeRegression:
    """The fit with the strength among these that best predicts each row from the others.

    With the singular values of `x` every strength costs a product of matrices (Hastie, Tibshirani and Friedman, The
    Elements of Statistical Learning, 2009, equation 3.47).
    """
    x, y = x.double(), y.double()
    x_mean, y_mean = x.mean(0), y.mean(0)
    y = y - y_mean
    left, values, right = torch.linalg.svd(x - x_mean, full_matrices=False)
    inside = left.mT @ y
    errors = {strength: _left_out_error(left, values**2 / (values**2 + strength), y, inside) for strength in strengths}
    strength = min(strengths, key=lambda candidate: errors[candidate])
    weights = right.mT @ ((values / (values**2 + strength)).unsqueeze(1) * inside)
    return RidgeRegression(x_mean, y_mean, weights, errors[strength])


def _left_out_error(
    left: Float[Tensor, "rows rank"],
    shrunk: Float[Tensor, "rank"],
    y: Float[Tensor, "rows outputs"],
    inside: Float[Tensor, "rank outputs"],
) -> float:
    """Mean squared error of predicting each centred row of `y` from a ridge fit without that row.

    `left` are the left singular vectors of the inputs, `shrunk` what the penalty leaves of each, `inside` is `y` in
    their coordinates. The residual without row i is the residual with it, divided by one minus its leverage; the
    intercept adds 1/n to the leverage (Allen's PRESS, Technometrics 16, 1974).
    """
    leverages = left.square() @ shrunk + 1 / len(y)
    residuals = (y - left @ (shrunk.unsqueeze(1) * inside)) / (1 - leverages).unsqueeze(1)
    return float(residuals.square().sum(1).mean())
