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

    Hoerl and Kennard, Ridge regression, 1970. With fewer rows than columns it is solved for a weight of each row
    (the dual), since there are fewer of these.
    """

    x: Float[Tensor, "rows inputs"]
    x_mean: Float[Tensor, "inputs"]
    y_mean: Float[Tensor, "outputs"]
    dual: Float[Tensor, "rows outputs"]
    error: float

    def __call__(self, at: Float[Tensor, "inputs"]) -> Float[Tensor, "outputs"]:
        """What is predicted there, in double precision."""
        return self.y_mean + (at.double() - self.x_mean) @ self.x.mT @ self.dual


def fit_ridge(
    x: Float[Tensor, "rows inputs"], y: Float[Tensor, "rows outputs"], strengths: Sequence[float]
) -> RidgeRegression:
    """The fit with the strength among these that best predicts each row from the others."""
    x, y = x.double(), y.double()
    x_mean, y_mean = x.mean(0), y.mean(0)
    x, y = x - x_mean, y - y_mean
    errors = {strength: left_out_error(x, y, strength) for strength in strengths}
    strength = min(strengths, key=lambda candidate: errors[candidate])
    dual = torch.linalg.solve(x @ x.mT + strength * torch.eye(len(x), dtype=x.dtype), y)
    return RidgeRegression(x, x_mean, y_mean, dual, errors[strength])


def left_out_error(x: Float[Tensor, "rows inputs"], y: Float[Tensor, "rows outputs"], strength: float) -> float:
    """Mean squared error of predicting each centred row of `y` from a ridge fit without that row.

    The residual without row i is the residual with it, divided by one minus its leverage; the intercept adds
    1/n to the leverage (Allen's PRESS, Technometrics 16, 1974).
    """
    n = len(x)
    gram = x @ x.mT
    hat = torch.linalg.solve(gram + strength * torch.eye(n, dtype=x.dtype), gram) + 1 / n
    residuals = (y - hat @ y) / (1 - hat.diagonal()).unsqueeze(1)
    return float(residuals.square().sum(1).mean())
