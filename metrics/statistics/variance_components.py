"""What makes a system's mean uncertain, estimated over all systems of a grid together.

Two seeds of one pair say next to nothing of how trainings differ; two seeds of each of twelve systems say a lot.
So seeds' variances are pooled, as far as they agree: each system's own estimate is drawn towards the common one, the
more the less they scatter (Smyth 2004, "Linear models and empirical Bayes methods for assessing differential
expression in microarray experiments", Stat. Appl. Genet. Mol. Biol. 3, for many systems of few repetitions each).
Sentences are clusters: what a system does with one text counts once, however many voices speak it (Liang and Zeger
1986, "Longitudinal data analysis using generalized linear models", Biometrika 73, with the correction for few
clusters and the degrees of freedom of Bell and McCaffrey 2002, "Bias reduction in standard errors for linear
regression with multi-stage samples", Survey Methodology 28). A training's mean varies also because its few sentences
do; that part is in the sentences' variance already, and is taken off the seeds' (Searle, Casella and McCulloch 1992,
"Variance Components", for estimates from mean squares).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from metrics.statistics.paired_scores import PairedScores

LEAST_PRIOR_DF = 4.0  # below this a scaled inverse chi-square has no finite variance to match


@dataclass(frozen=True, eq=False)
class Components:
    """Variances of the systems' means by their sources. All are of values' squares, for the mean over these voices.

    `means` is the mean over each voice's utterances, then voices, then seeds. `sentences` are covariances between
    systems that sentences cause, for each group of voices that share texts, with `sentences_df` degrees of freedom
    each; the chance of single utterances is in them, averaged over seeds. `seeds` is by how much a single training's
    mean varies beyond that chance; it is below 0 where the chance alone explains more than there is, and NaN where
    no system has two seeds. `seeds_of_all_voices` is the part of it that all voices have in common. `voices` are
    covariances between systems that voices cause, NaN for one voice, and `shared_texts` those that sentences cause
    which several voices speak.
    """

    scores: PairedScores
    means: Float[np.ndarray, "systems"]
    of_speakers: Float[np.ndarray, "systems speakers"]
    sentences: Float[np.ndarray, "groups systems systems"]
    sentences_df: Float[np.ndarray, "groups"]
    shared_texts: Float[np.ndarray, "systems systems"]
    chance: Float[np.ndarray, "systems"]
    raw_seeds: Float[np.ndarray, "systems"]
    seeds: Float[np.ndarray, "systems"]
    seeds_of_all_voices: Float[np.ndarray, "systems"]
    seeds_df: Float[np.ndarray, "systems"]
    seeds_df_of_all: float
    n_seeds: Int[np.ndarray, "systems"]
    voices: Float[np.ndarray, "systems systems"]

    @property
    def systems(self) -> tuple[str, ...]:
        return self.scores.systems

    @property
    def knows_seeds(self) -> bool:
        """Whether any system was trained twice."""
        return self.seeds_df_of_all > 0

    @cached_property
    def typical_pair(self) -> float:
        """The sentences' variance of the difference between two systems, averaged over all pairs."""
        together = self.sentences.sum(axis=0)
        n = len(together)
        return float(2 * (np.trace(together) * n - together.sum()) / (n * (n - 1))) if n > 1 else 0.0


def components(scores: PairedScores) -> Components:
    """All sources of one metric's uncertainty; one voice and one seed will do, and leave out what they can't tell."""
    design = _Design(scores)
    trained = scores.trained_with
    n_seeds = trained.sum(axis=1)
    by_seed = np.where(trained[:, :, None], np.nan_to_num(scores.values), 0.0)
    speakers_by_seed = by_seed @ design.shares.T
    of_speakers = speakers_by_seed.sum(axis=1) / n_seeds[:, None]
    clusters_by_seed = design.clusters(by_seed, speakers_by_seed)
    clusters = clusters_by_seed.sum(axis=1) / n_seeds[:, None]
    repeated = np.array([name not in scores.untrained for name in scores.systems]) & (n_seeds > 1)
    raw = _variance(speakers_by_seed.mean(axis=2)[..., None], trained)
    chance = _variance(clusters_by_seed, trained)
    apart = _disagreement(speakers_by_seed, trained)
    pooled, df, df_of_all = moderated(raw, np.where(repeated, n_seeds - 1, 0))
    idle = np.array([name in scores.untrained for name in scores.systems])
    return Components(
        scores=scores,
        means=of_speakers.mean(axis=1),
        of_speakers=of_speakers,
        sentences=design.covariances(clusters),
        sentences_df=design.df,
        shared_texts=design.shared(by_seed, speakers_by_seed, n_seeds),
        chance=np.where(idle, 0.0, _pooled(chance, repeated)),
        raw_seeds=np.where(repeated, raw, np.nan),
        seeds=np.where(idle, 0.0, pooled - _pooled(chance, repeated)),
        seeds_of_all_voices=np.where(idle, 0.0, pooled - _pooled(apart, repeated)),
        seeds_df=df,
        seeds_df_of_all=df_of_all,
        n_seeds=n_seeds,
        voices=_between(of_speakers),
    )


def moderated(
    variances: Float[np.ndarray, "systems"], df: Int[np.ndarray, "systems"]
) -> tuple[Float[np.ndarray, "systems"], Float[np.ndarray, "systems"], float]:
    """Each system's variance, drawn towards what all have in common; its degrees of freedom; those of all together.

    True variances are taken for draws from a scaled inverse chi-square (Smyth 2004, section 3), whose degrees of
    freedom follow from how much more the estimates scatter than chance makes them. Where they don't, all systems
    get the plain pooled variance. A system without repetitions gets the common one. NaN where there are none at all.
    """
    total = float(df.sum())
    if not total:
        return np.full(len(df), np.nan), np.zeros(len(df)), 0.0
    common = float((df * variances).sum() / total)
    squares = float((df * variances**2 * df / (df + 2.0)).sum() / total)
    expected = common**2 * total / (total + 2)
    scatter = squares / expected - 1 if expected > 0 else 0.0
    if scatter <= 0:
        return np.full(len(df), common), np.full(len(df), total), total
    prior_df = LEAST_PRIOR_DF + 2 / scatter
    prior = common * (prior_df - 2) / prior_df
    drawn = (prior_df * prior + df * variances) / (prior_df + df)
    return drawn, np.minimum(prior_df + df, total), total


class _Design:
    """Which utterance belongs to which voice and text, and what follows for the means' influence functions."""

    def __init__(self, scores: PairedScores) -> None:
        n_speakers, n = len(scores.speakers), len(scores.weights)
        totals = np.bincount(scores.speaker_of, scores.weights, n_speakers)
        self.speaker_of, self.n_speakers = scores.speaker_of, n_speakers
        self.share = scores.weights / totals[scores.speaker_of]
        self.shares = np.zeros((n_speakers, n))
        self.shares[scores.speaker_of, np.arange(n)] = self.share
        lone = self.share >= 1 - 1e-12
        known = n_speakers - np.unique(scores.speaker_of[lone]).size
        self.influence = np.where(lone, 0.0, self.share / np.sqrt(np.where(lone, 1.0, 1 - self.share)) / n_speakers)
        self.influence *= np.sqrt(n_speakers / max(known, 1))
        texts, text_of = np.unique(scores.text_of, return_inverse=True)
        self.in_text = np.zeros((n, texts.size))
        self.in_text[np.arange(n), text_of] = 1.0
        self.groups = _groups(scores.speaker_of, text_of, n_speakers)
        self.df = np.array([self._df(group, scores.weights) for group in self.groups])

    def clusters(
        self, values: Float[np.ndarray, "systems seeds utterances"], means: Float[np.ndarray, "systems seeds speakers"]
    ) -> Float[np.ndarray, "systems seeds texts"]:
        """By how much each text moves each mean."""
        return ((values - means[:, :, self.speaker_of]) * self.influence) @ self.in_text

    def covariances(self, clusters: Float[np.ndarray, "systems texts"]) -> Float[np.ndarray, "groups systems systems"]:
        """What the texts of each group of voices make the systems' means do together."""
        parts = [clusters[:, texts] for texts in self._texts()]
        return np.stack([part @ part.T for part in parts])

    def shared(
        self,
        values: Float[np.ndarray, "systems seeds utterances"],
        means: Float[np.ndarray, "systems seeds speakers"],
        n_seeds: Int[np.ndarray, "systems"],
    ) -> Float[np.ndarray, "systems systems"]:
        """The part of the covariances that lies between voices, which texts that several of them speak cause."""
        moved = ((values - means[:, :, self.speaker_of]) * self.influence).sum(axis=1) / n_seeds[:, None]
        together = moved @ self.in_text
        own = np.zeros((len(moved), len(moved)))
        for speaker in range(self.n_speakers):
            part = (moved * (self.speaker_of == speaker)) @ self.in_text
            own += part @ part.T
        return together @ together.T - own

    def _texts(self) -> list[Bool[np.ndarray, "texts"]]:
        return [self.in_text[np.isin(self.speaker_of, group)].any(axis=0) for group in self.groups]

    def _df(self, group: Int[np.ndarray, "members"], weights: Float[np.ndarray, "utterances"]) -> float:
        """Bell and McCaffrey's degrees of freedom, for utterances of one variance per unit of weight."""
        inside = np.isin(self.speaker_of, group)
        influence, texts = self.influence[inside], self.in_text[inside]
        noise = 1 / np.sqrt(weights[inside])
        moves = (texts * influence[:, None]).T * noise
        for speaker in group:
            own = self.speaker_of[inside] == speaker
            moves -= np.outer((texts * (influence * own)[:, None]).sum(axis=0), self.shares[speaker, inside] * noise)
        gram = moves @ moves.T
        return float(np.trace(gram) ** 2 / (gram**2).sum()) if gram.any() else 0.0


def _groups(
    speaker_of: Int[np.ndarray, "utterances"], text_of: Int[np.ndarray, "utterances"], n_speakers: int
) -> list[Int[np.ndarray, "members"]]:
    """Voices that share texts, directly or through others."""
    speaks = np.zeros((n_speakers, int(text_of.max()) + 1), dtype=bool)
    speaks[speaker_of, text_of] = True
    label = np.arange(n_speakers)
    while True:
        of_text = np.where(speaks, label[:, None], n_speakers).min(axis=0)
        joined = np.where(speaks, of_text[None], n_speakers).min(axis=1)
        if (joined == label).all():
            return [np.flatnonzero(label == name) for name in np.unique(label)]
        label = joined


def _variance(values: Float[np.ndarray, "systems seeds parts"], trained: Bool[np.ndarray, "systems seeds"]) -> np.ndarray:
    """The variance between seeds, summed over the parts; 0 for one seed."""
    n = trained.sum(axis=1)
    centred = (values - (values.sum(axis=1) / n[:, None])[:, None]) * trained[:, :, None]
    return (centred**2).sum(axis=(1, 2)) / np.maximum(n - 1, 1)


def _disagreement(
    values: Float[np.ndarray, "systems seeds speakers"], trained: Bool[np.ndarray, "systems seeds"]
) -> Float[np.ndarray, "systems"]:
    """The part of the variance between seeds' means over voices on which the voices disagree; all of it for one."""
    n_speakers = values.shape[2]
    if n_speakers == 1:
        return _variance(values, trained) * 0.0
    own = values - values.mean(axis=2, keepdims=True)
    return _variance(own, trained) / (n_speakers - 1) / n_speakers


def _pooled(variances: Float[np.ndarray, "systems"], repeated: Bool[np.ndarray, "systems"]) -> float:
    return float(variances[repeated].mean()) if repeated.any() else np.nan


def _between(of_speakers: Float[np.ndarray, "systems speakers"]) -> Float[np.ndarray, "systems systems"]:
    """Covariances of the means over voices, if voices were drawn again; NaN for one."""
    n = of_speakers.shape[1]
    if n == 1:
        return np.full((len(of_speakers),) * 2, np.nan)
    centred = of_speakers - of_speakers.mean(axis=1, keepdims=True)
    return centred @ centred.T / (n * (n - 1))
