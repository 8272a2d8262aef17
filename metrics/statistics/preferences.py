"""What listeners prefer: strengths from comparisons of two, and how sure they are.

Bradley and Terry 1952, "Rank analysis of incomplete block designs", Biometrika 39: the log odds that one system is
preferred to another are the difference of their strengths. Votes of one listener go together, and so do votes on one
sentence; both are crossed. The intervals come from the pigeonhole bootstrap (Owen 2007, "The pigeonhole bootstrap",
Annals of Applied Statistics 1), which draws listeners and sentences anew, independently: it needs no distribution of
listeners' tastes, errs to the safe side for crossed random effects (Owen shows that its variance is never less than
the true one, in the limit), and where a mixed model would have to be fitted for every question, it answers all of
them alike. Weights are exponential (Rubin 1981, "The Bayesian bootstrap", Annals of Statistics 9), so that no draw
leaves a listener out altogether.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.special import expit

from vits.common.errors import InputError

PRIOR_VOTES = 0.5  # for each side of each pair, so that a system that always wins has a finite strength
ITERATIONS = 200
RESAMPLES = 2000
FEWEST = 2  # listeners and sentences without which nothing is known of others


@dataclass(frozen=True, eq=False)
class Votes:
    """Which of two systems was preferred, by whom and on which sentence; all of them numbers from 0.

    Raises:
        InputError: there is no vote, or a system is compared with itself.
    """

    systems: tuple[str, ...]
    winner: Int[np.ndarray, "votes"]
    loser: Int[np.ndarray, "votes"]
    rater: Int[np.ndarray, "votes"]
    sentence: Int[np.ndarray, "votes"]

    def __post_init__(self) -> None:
        if not self.winner.size:
            raise InputError("there is no vote on two systems; let somebody listen first")
        if (self.winner == self.loser).any():
            raise InputError("a vote compares a system with itself; the votes are damaged")


@dataclass(frozen=True)
class Estimated:
    """A number that votes or ratings give, with its interval; NaN bounds where too few have listened."""

    name: str
    value: float
    lower: float
    upper: float


def bradley_terry(wins: Float[np.ndarray, "*draws systems systems"]) -> Float[np.ndarray, "*draws systems"]:
    """Strengths, as log odds with mean 0; `wins[i, j]` is how often i was preferred to j.

    By minorisation and maximisation (Hunter 2004, "MM algorithms for generalized Bradley-Terry models", Annals of
    Statistics 32), from which every step gains likelihood.
    """
    k = wins.shape[-1]
    counted = wins + PRIOR_VOTES * (1 - np.eye(k))
    met = counted + np.swapaxes(counted, -1, -2)
    total = counted.sum(axis=-1)
    strength = np.ones(total.shape)
    for _ in range(ITERATIONS):
        strength = total / (met / (strength[..., :, None] + strength[..., None, :])).sum(axis=-1)
        strength /= np.exp(np.log(strength).mean(axis=-1, keepdims=True))
    return np.log(strength)


def preferred(votes: Votes, *, alpha: float, rng: np.random.Generator) -> tuple[Estimated, ...]:
    """How often each system is preferred to another one of them, on average over the others."""
    k = len(votes.systems)
    one_hot = np.zeros((votes.winner.size, k * k))
    one_hot[np.arange(votes.winner.size), votes.winner * k + votes.loser] = 1

    def shares(weights: Float[np.ndarray, "draws votes"]) -> Float[np.ndarray, "draws systems"]:
        wins = (weights @ one_hot).reshape(-1, k, k)
        strengths = bradley_terry(wins)
        against = expit(strengths[:, :, None] - strengths[:, None, :]) * (1 - np.eye(k))
        return against.sum(axis=2) / max(k - 1, 1)

    return _estimated(votes.systems, shares, votes.rater, votes.sentence, alpha, rng)


def weighted_means(
    names: tuple[str, ...],
    group: Int[np.ndarray, "answers"],
    values: Float[np.ndarray, "answers"],
    rater: Int[np.ndarray, "answers"],
    sentence: Int[np.ndarray, "answers"],
    *,
    alpha: float,
    rng: np.random.Generator,
) -> tuple[Estimated, ...]:
    """The mean of each group's answers, such as ratings of a system, or agreements of a metric with votes."""
    member = np.eye(len(names))[group]

    def means(weights: Float[np.ndarray, "draws answers"]) -> Float[np.ndarray, "draws groups"]:
        return (weights * values) @ member / np.maximum(weights @ member, 1e-12)

    return _estimated(names, means, rater, sentence, alpha, rng)


def _estimated(
    names: tuple[str, ...],
    estimate: Callable[[Float[np.ndarray, "draws answers"]], Float[np.ndarray, "draws names"]],
    rater: Int[np.ndarray, "answers"],
    sentence: Int[np.ndarray, "answers"],
    alpha: float,
    rng: np.random.Generator,
) -> tuple[Estimated, ...]:
    """The estimate, and its interval between quantiles of the draws."""
    value = estimate(np.ones((1, rater.size)))[0]
    lower = upper = np.full(len(names), np.nan)
    if min(np.unique(rater).size, np.unique(sentence).size) >= FEWEST:
        draws = estimate(_weights(rater, rng) * _weights(sentence, rng))
        lower, upper = np.quantile(draws, [alpha / 2, 1 - alpha / 2], axis=0)
    return tuple(Estimated(name, float(value[k]), float(lower[k]), float(upper[k])) for k, name in enumerate(names))


def _weights(cluster: Int[np.ndarray, "answers"], rng: np.random.Generator) -> Float[np.ndarray, "draws answers"]:
    """Exponential weights of the clusters, at each answer."""
    return rng.standard_exponential((RESAMPLES, int(cluster.max()) + 1))[:, cluster]
