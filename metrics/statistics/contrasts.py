"""Differences between systems, with intervals that say for whom they hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from jaxtyping import Float

from metrics.statistics.paired_scores import Scale
from metrics.statistics.t_test import Uncertainty
from metrics.statistics.variance_components import Components
from vits.common.errors import InputError

AGREEMENT = 0.25  # share of the typical variance below which a source is small by accident


class Reach(Enum):
    """For whom a statement holds."""

    TRAINED_VOICES = "these trained voices"
    """Other sentences might have been spoken; nothing is said of another training. All that one seed can tell."""
    THESE_VOICES = "these voices"
    """Other sentences and other training runs of the same voices."""
    VOICES_LIKE_THESE = "voices like these"
    """Other voices too: what holds for these few need not hold for them."""


@dataclass(frozen=True, eq=False)
class Contrasts:
    """By how much weighted sums of systems are better than 0, with their uncertainty.

    `estimates` are positive where the systems of positive weight are better. `standard_errors` are infinite, and
    `df` 0, where nothing can be said.
    """

    scale: Scale
    estimates: Float[np.ndarray, "contrasts"]
    uncertainty: Uncertainty

    @property
    def standard_errors(self) -> Float[np.ndarray, "contrasts"]:
        together = self.uncertainty.variances.sum(axis=0)
        return np.sqrt(np.where(self.uncertainty.testable, together, np.inf))

    @property
    def df(self) -> Float[np.ndarray, "contrasts"]:
        """Degrees of freedom, by Satterthwaite (1946, Biometrics Bulletin 2) where there are several sources."""
        variances, df = self.uncertainty.variances, self.uncertainty.df
        return np.where(self.uncertainty.testable, satterthwaite(variances, df), 0.0)

    def half_widths(self, alpha: float | Float[np.ndarray, "contrasts"]) -> Float[np.ndarray, "contrasts"]:
        """Half the two-sided interval that misses the truth with probability `alpha`; infinite if nothing is known."""
        return self.uncertainty.half_width(np.broadcast_to(np.float64(alpha), self.estimates.shape))

    def intervals(self, alpha: float) -> tuple[Float[np.ndarray, "contrasts"], Float[np.ndarray, "contrasts"]]:
        """Lower and upper bounds of differences of two means, none of them beyond what the metric can differ by."""
        half, widest = self.half_widths(alpha), self.scale.widest
        return np.maximum(self.estimates - half, -widest), np.minimum(self.estimates + half, widest)


@dataclass(frozen=True)
class Difference:
    """By how much `a` is better than `b`, in `unit`; below 0 where it is worse."""

    a: str
    b: str
    unit: str
    reach: Reach
    estimate: float
    standard_error: float
    df: float
    lower: float
    upper: float


def headline(parts: Components) -> Reach:
    """What a report says first: of these voices, or with one seed of what was trained."""
    return Reach.THESE_VOICES if parts.knows_seeds else Reach.TRAINED_VOICES


def contrasts(parts: Components, weights: Float[np.ndarray, "contrasts systems"], reach: Reach) -> Contrasts:
    """Weighted sums of the systems' means and what they are uncertain by, for statements of that reach.

    Variances between a difference's two systems that happen to be tiny prove nothing: they count as a quarter of
    the typical pair's at least. With one seed, `VOICES_LIKE_THESE` speaks of trainings as they turned out, and
    `THESE_VOICES` says nothing: every standard error is infinite. Systems that spoke further sentences are compared
    with each other on all of theirs; what seeds vary is estimated over all systems nevertheless.
    """
    further = np.array([parts.layer(row) is not parts for row in weights], dtype=bool)
    estimates, sources = weights @ parts.means, _sources(parts, weights, reach)
    if further.any() and parts.further is not None:
        own = weights[further][:, [parts.systems.index(system) for system in parts.further.systems]]
        estimates[further] = own @ parts.further.means
        finer = _sources(parts.further, own, reach)
        sources.variances[:, further], sources.df[:, further] = finer.variances, finer.df
    scale = parts.scores.scale
    return Contrasts(scale, scale.sign * estimates, _with_seeds(sources, parts, weights, reach))


def difference(parts: Components, a: str, b: str, *, reach: Reach | None = None, alpha: float = 0.05) -> Difference:
    """Two systems on the same sentences; `reach` is the headline's by default.

    Raises:
        InputError: there is no such system.
    """
    unknown = {a, b} - set(parts.systems)
    if unknown:
        raise InputError(f"no scores of {', '.join(sorted(unknown))}; take two of: {'; '.join(parts.systems)}")
    reach = reach or headline(parts)
    weights = np.zeros((1, len(parts.systems)))
    weights[0, parts.systems.index(a)] += 1
    weights[0, parts.systems.index(b)] -= 1
    found = contrasts(parts, weights, reach)
    lower, upper = found.intervals(alpha)
    return Difference(
        a,
        b,
        parts.scores.scale.unit,
        reach,
        float(found.estimates[0]),
        float(found.standard_errors[0]),
        float(found.df[0]),
        float(lower[0]),
        float(upper[0]),
    )


def satterthwaite(
    variances: Float[np.ndarray, "sources contrasts"], df: Float[np.ndarray, "sources contrasts"]
) -> Float[np.ndarray, "contrasts"]:
    """The degrees of freedom of a sum of variances; those that aren't known well make it small."""
    squares = (variances**2 / np.maximum(df, 1e-9)).sum(axis=0)
    total = variances.sum(axis=0)
    return np.divide(total**2, squares, out=df.max(axis=0), where=squares > 0)


def _sources(parts: Components, weights: Float[np.ndarray, "contrasts systems"], reach: Reach) -> Uncertainty:
    """What sentences cause; for other voices voices, and the texts that several of them speak."""
    sentences, sentences_df = _sentences(parts, weights)
    if reach is not Reach.VOICES_LIKE_THESE:
        return Uncertainty(sentences[None], sentences_df[None])
    n_speakers = parts.of_speakers.shape[1]
    voices = np.maximum(np.nan_to_num(_quadratic(parts.voices, weights)), AGREEMENT * sentences)
    shared = np.maximum(_quadratic(parts.shared_texts, weights), 0.0)
    df = np.stack([np.full(len(weights), n_speakers - 1.0), np.maximum(sentences_df, 1e-9)])
    return Uncertainty(np.stack([voices, shared]), df)


def _with_seeds(
    sources: Uncertainty, parts: Components, weights: Float[np.ndarray, "contrasts systems"], reach: Reach
) -> Uncertainty:
    """And what seeds cause, as far as the reach asks for it."""
    of_these = reach is Reach.THESE_VOICES
    if reach is Reach.TRAINED_VOICES or not (of_these or parts.knows_seeds):
        return sources
    if not parts.knows_seeds:
        return Uncertainty(np.zeros((2, len(weights))), np.zeros((2, len(weights))))
    extra, df = _seeds(parts, weights, parts.seeds.chance if of_these else parts.seeds.apart)
    return Uncertainty(np.vstack([sources.variances, extra]), np.vstack([sources.df, df]))


def _sentences(
    parts: Components, weights: Float[np.ndarray, "contrasts systems"]
) -> tuple[Float[np.ndarray, "contrasts"], Float[np.ndarray, "contrasts"]]:
    by_group = np.stack([_quadratic(group, weights) for group in parts.sentences])
    least = AGREEMENT * parts.typical_pair * (weights**2).sum(axis=1) / 2
    df = satterthwaite(by_group, np.broadcast_to(parts.sentences_df[:, None], by_group.shape))
    return np.maximum(by_group.sum(axis=0), least), df


def _seeds(
    parts: Components, weights: Float[np.ndarray, "contrasts systems"], counted: Float[np.ndarray, "systems"]
) -> tuple[Float[np.ndarray, "contrasts"], Float[np.ndarray, "contrasts"]]:
    """The seeds' variance of each contrast without the part that is counted elsewhere, and its degrees of freedom.

    These are never more than Welch's for the contrast's own systems (1938, Biometrika 29) and what all others add.
    """
    seeds, of_system = parts.seeds, (weights**2 / parts.n_seeds).T
    df = satterthwaite(of_system * seeds.drawn[:, None], np.broadcast_to(seeds.df[:, None], of_system.shape))
    repeats = np.broadcast_to(seeds.repeats[:, None], of_system.shape).astype(np.float64)
    welch = satterthwaite(of_system * seeds.own[:, None], repeats)
    others = seeds.df_of_all - (weights != 0) @ seeds.repeats
    return np.maximum((seeds.drawn - counted) @ of_system, 0.0), np.minimum(df, welch + others)


def _quadratic(
    covariances: Float[np.ndarray, "systems systems"], weights: Float[np.ndarray, "contrasts systems"]
) -> Float[np.ndarray, "contrasts"]:
    return np.einsum("ci,ij,cj->c", weights, covariances, weights)
