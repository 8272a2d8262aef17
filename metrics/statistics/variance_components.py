"""What makes a system's mean uncertain, estimated over all systems of a grid together.

Two seeds of one pair say next to nothing of how trainings differ; two seeds of each of twelve systems say a lot.
So seeds' variances are pooled, as far as they agree (`metrics.statistics.seed_variances`).
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
from metrics.statistics.seed_variances import SeedVariances, seed_variances


@dataclass(frozen=True, eq=False)
class Components:
    """Variances of the systems' means by their sources. All are of values' squares, for the mean over these voices.

    `means` is the mean over each voice's utterances, then voices, then seeds. `sentences` are covariances between
    systems that sentences cause, for each group of voices that share texts, with `sentences_df` degrees of freedom
    each; the chance of single utterances is in them, averaged over seeds. `seeds` is how a single training varies.
    `voices` are covariances between systems that voices cause, NaN for one voice, and `shared_texts` those that
    sentences cause which several voices speak. `further` are those of some of the systems on more sentences than all
    of them spoke, these among them; it takes the place of the rest where only such systems are compared.
    """

    scores: PairedScores
    means: Float[np.ndarray, "systems"]
    of_speakers: Float[np.ndarray, "systems speakers"]
    sentences: Float[np.ndarray, "groups systems systems"]
    sentences_df: Float[np.ndarray, "groups"]
    shared_texts: Float[np.ndarray, "systems systems"]
    seeds: SeedVariances
    n_seeds: Int[np.ndarray, "systems"]
    voices: Float[np.ndarray, "systems systems"]
    further: Components | None = None

    def layer(self, weights: Float[np.ndarray, "systems"]) -> Components:
        """What knows most of a sum of systems: the further sentences, if it compares systems that spoke them alone."""
        if self.further is None or abs(weights.sum()) > 1e-9:
            return self
        compared = {system for system, weight in zip(self.systems, weights, strict=True) if weight}
        return self.further if compared <= set(self.further.systems) else self

    @property
    def systems(self) -> tuple[str, ...]:
        return self.scores.systems

    @property
    def knows_seeds(self) -> bool:
        """Whether any system was trained twice."""
        return self.seeds.df_of_all > 0

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
    texts_by_seed = design.texts(by_seed, speakers_by_seed)
    untrained = np.array([system in scores.untrained for system in scores.systems])
    return Components(
        scores=scores,
        means=of_speakers.mean(axis=1),
        of_speakers=of_speakers,
        sentences=design.covariances(texts_by_seed.sum(axis=1) / n_seeds[:, None]),
        sentences_df=design.df,
        shared_texts=design.shared(by_seed, speakers_by_seed, n_seeds),
        seeds=seed_variances(speakers_by_seed, texts_by_seed, trained, untrained),
        n_seeds=n_seeds,
        voices=_between(of_speakers),
    )


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
        self.n_texts = int(scores.text_of.max()) + 1
        self.text_of = scores.text_of
        self.spoken_by = scores.speaker_of * self.n_texts + scores.text_of
        self.groups = _groups(scores.speaker_of, scores.text_of, n_speakers)
        self.df = np.array([self._df(np.isin(scores.speaker_of, group), scores.weights) for group in self.groups])

    def texts(
        self, values: Float[np.ndarray, "systems seeds utterances"], means: Float[np.ndarray, "systems seeds speakers"]
    ) -> Float[np.ndarray, "systems seeds texts"]:
        """By how much each text moves each mean."""
        return _summed((values - means[:, :, self.speaker_of]) * self.influence, self.text_of)

    def covariances(self, moved: Float[np.ndarray, "systems texts"]) -> Float[np.ndarray, "groups systems systems"]:
        """What the texts of each group of voices make the systems' means do together."""
        names = np.unique(self.text_of)
        texts = [np.isin(names, self.text_of[np.isin(self.speaker_of, group)]) for group in self.groups]
        return np.stack([moved[:, chosen] @ moved[:, chosen].T for chosen in texts])

    def shared(
        self,
        values: Float[np.ndarray, "systems seeds utterances"],
        means: Float[np.ndarray, "systems seeds speakers"],
        n_seeds: Int[np.ndarray, "systems"],
    ) -> Float[np.ndarray, "systems systems"]:
        """The part of the covariances that lies between voices, which texts that several of them speak cause."""
        moved = ((values - means[:, :, self.speaker_of]) * self.influence).sum(axis=1) / n_seeds[:, None]
        together, own = _summed(moved, self.text_of), _summed(moved, self.spoken_by)
        return together @ together.T - own @ own.T

    def _df(self, inside: Bool[np.ndarray, "utterances"], weights: Float[np.ndarray, "utterances"]) -> float:
        """Bell and McCaffrey's degrees of freedom of a group, for one variance per unit of weight."""
        speakers, texts = self.speaker_of[inside], np.unique(self.text_of[inside], return_inverse=True)[1]
        influence, noise = self.influence[inside], 1 / np.sqrt(weights[inside])
        members, member_of = np.unique(speakers, return_inverse=True)
        of_member = np.zeros((texts.max() + 1, members.size))
        np.add.at(of_member, (texts, member_of), influence)
        moves = -(of_member @ self.shares[np.ix_(members, inside)]) * noise
        moves[texts, np.arange(texts.size)] += influence * noise
        gram = moves @ moves.T
        return float(np.trace(gram) ** 2 / (gram**2).sum()) if gram.any() else 0.0


def _summed(values: Float[np.ndarray, "*systems utterances"], cluster_of: Int[np.ndarray, "utterances"]) -> np.ndarray:
    """Sums over the utterances of each cluster, clusters in the order of their numbers."""
    order = np.argsort(cluster_of, kind="stable")
    starts = np.flatnonzero(np.diff(cluster_of[order], prepend=-1))
    return np.add.reduceat(values[..., order], starts, axis=-1)


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


def _between(of_speakers: Float[np.ndarray, "systems speakers"]) -> Float[np.ndarray, "systems systems"]:
    """Covariances of the means over voices, if voices were drawn again; NaN for one."""
    n = of_speakers.shape[1]
    if n == 1:
        return np.full((len(of_speakers),) * 2, np.nan)
    centred = of_speakers - of_speakers.mean(axis=1, keepdims=True)
    return centred @ centred.T / (n * (n - 1))
