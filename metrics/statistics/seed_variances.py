"""How much systems' means vary between training runs, estimated over all systems of a grid together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

LEAST_PRIOR_DF = 4.0  # below this a scaled inverse chi-square has no finite variance to match


@dataclass(frozen=True, eq=False)
class SeedVariances:
    """Variances between seeds of a single training's mean over the voices, by system.

    `own` are each system's own estimates, known with `repeats` degrees of freedom, one less than it has seeds;
    `drawn` is what each is taken for, seen beside all others (`moderated`), known with `df`. A part of it, `chance`,
    is that single utterances turn out differently, which the sentences' variance holds already; another, `apart`
    (with the chance in it), is on what voices disagree. All are 0 for systems that no training made, and NaN where
    no system of the grid has two seeds.
    """

    own: Float[np.ndarray, "systems"]
    repeats: Int[np.ndarray, "systems"]
    drawn: Float[np.ndarray, "systems"]
    df: Float[np.ndarray, "systems"]
    chance: Float[np.ndarray, "systems"]
    apart: Float[np.ndarray, "systems"]

    @property
    def df_of_all(self) -> float:
        return float(self.repeats.sum())


def seed_variances(
    speakers_by_seed: Float[np.ndarray, "systems seeds speakers"],
    texts_by_seed: Float[np.ndarray, "systems seeds texts"],
    trained: Bool[np.ndarray, "systems seeds"],
    untrained: Bool[np.ndarray, "systems"],
) -> SeedVariances:
    """Means over each voice by seed, and by how much each text moves the mean over voices (0 where not trained)."""
    repeats = np.where(untrained, 0, trained.sum(axis=1) - 1)
    own = _between(speakers_by_seed.mean(axis=2)[..., None], trained)
    chance, apart = _between(texts_by_seed, trained), _disagreement(speakers_by_seed, trained)
    drawn, df = moderated(own, repeats)
    parts = (drawn, _pooled(chance, repeats), _pooled(apart, repeats))
    drawn, chance, apart = (np.where(untrained, 0.0, part) for part in parts)
    return SeedVariances(np.where(repeats > 0, own, 0.0), repeats, drawn, df, chance, apart)


def moderated(
    variances: Float[np.ndarray, "systems"], df: Int[np.ndarray, "systems"]
) -> tuple[Float[np.ndarray, "systems"], Float[np.ndarray, "systems"]]:
    """Each system's variance, drawn towards what all have in common, and its degrees of freedom.

    True variances are taken for draws from a scaled inverse chi-square (Smyth 2004, "Linear models and empirical
    Bayes methods for assessing differential expression in microarray experiments", Stat. Appl. Genet. Mol. Biol. 3,
    section 3), whose degrees of freedom follow from how much more the estimates scatter than chance makes them.
    They are drawn towards the plain pooled variance, which is more than Smyth's prior: with two seeds each, his
    would be too little. A system without repetitions gets the pooled one. NaN where there are none at all.
    """
    total = float(df.sum())
    if not total:
        return np.full(len(df), np.nan), np.zeros(len(df))
    common = float((df * variances).sum() / total)
    squares = float((df * variances**2 * df / (df + 2.0)).sum() / total)
    expected = common**2 * total / (total + 2)
    scatter = squares / expected - 1 if expected > 0 else 0.0
    if scatter <= 0:
        return np.full(len(df), common), np.full(len(df), total)
    prior_df = LEAST_PRIOR_DF + 2 / scatter
    drawn = (prior_df * common + df * variances) / (prior_df + df)
    return drawn, np.minimum(prior_df + df, total)


def _between(
    values: Float[np.ndarray, "systems seeds parts"], trained: Bool[np.ndarray, "systems seeds"]
) -> np.ndarray:
    """The variance between seeds, summed over the parts; 0 for one seed."""
    n = trained.sum(axis=1)
    centred = (values - (values.sum(axis=1) / n[:, None])[:, None]) * trained[:, :, None]
    return (centred**2).sum(axis=(1, 2)) / np.maximum(n - 1, 1)


def _disagreement(
    values: Float[np.ndarray, "systems seeds speakers"], trained: Bool[np.ndarray, "systems seeds"]
) -> Float[np.ndarray, "systems"]:
    """The part of the variance between seeds' means over voices on which voices disagree; unknown, 0, for one."""
    n_speakers = values.shape[2]
    if n_speakers == 1:
        return np.zeros(len(values))
    own = values - values.mean(axis=2, keepdims=True)
    return _between(own, trained) / (n_speakers - 1) / n_speakers


def _pooled(
    variances: Float[np.ndarray, "systems"], repeats: Int[np.ndarray, "systems"]
) -> Float[np.ndarray, "systems"]:
    total = repeats.sum()
    return np.full(len(repeats), (repeats * variances).sum() / total if total else np.nan)
