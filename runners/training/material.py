"""What is trained on: utterances, whose voices they are, and which of them make each batch."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from strategies.rehearsal.rehearsal import Rehearsed
from vits.corpus.balanced_batches import BalancedBatches
from vits.corpus.batching import LengthBucketedBatches
from vits.corpus.features import PreparedCorpus, PreparedUtterance

NATURAL, BALANCED = SAMPLINGS = ("natural", "balanced")


@runtime_checkable
class Batches(Protocol):
    """Which utterances make each batch of an epoch, as a function of the epoch alone."""

    def __len__(self) -> int: ...

    def __call__(self, epoch: int) -> list[list[int]]: ...


@runtime_checkable
class SeededBatches(Batches, Protocol):
    """Batches of utterances of known lengths, drawn with a seed."""

    @property
    def lengths(self) -> Sequence[int]: ...

    @property
    def seed(self) -> int: ...


def batches_of(train: PreparedCorpus, batch_size: int, sampling: str, seed: int) -> SeededBatches:
    """The order in which utterances are trained on; see `TrainingSettings.sampling`."""
    if sampling == BALANCED:
        return BalancedBatches(train.frames, [clip.speaker for clip in train.clips], batch_size, seed)
    return LengthBucketedBatches(train.frames, batch_size, seed)


@dataclass(frozen=True)
class Material:
    """Utterances, the embedding row of each of their speakers, and their order."""

    utterances: Sequence[PreparedUtterance]
    speaker_ids: Mapping[str, int]
    batches: Batches


@dataclass(frozen=True)
class RehearsedBatches:
    """Batches of new utterances, each with rehearsed ones behind them that make `share` of it.

    The rehearsed utterances stand behind the new ones in the list of all, and each of them comes up as often as any
    other.
    """

    new: SeededBatches
    n_rehearsed: int
    share: float

    def __len__(self) -> int:
        return len(self.new)

    def __call__(self, epoch: int) -> list[list[int]]:
        """The indices in each batch."""
        rng = np.random.default_rng((self.new.seed, epoch, self.n_rehearsed))
        order = itertools.cycle((rng.permutation(self.n_rehearsed) + len(self.new.lengths)).tolist())
        return [[*batch, *itertools.islice(order, self.count(len(batch)))] for batch in self.new(epoch)]

    def count(self, n_new: int) -> int:
        """How many rehearsed utterances join so many new ones: at least one."""
        return max(1, round(n_new * self.share / (1 - self.share)))


def material(
    new: Sequence[PreparedUtterance],
    batches: SeededBatches,
    speaker_ids: Mapping[str, int],
    rehearsed: Rehearsed,
) -> Material:
    """The new voices' utterances, and those that are trained along."""
    if not rehearsed.utterances:
        return Material(new, speaker_ids, batches)
    return Material(
        [*new, *rehearsed.utterances],
        {**speaker_ids, **rehearsed.rows},
        RehearsedBatches(batches, len(rehearsed.utterances), rehearsed.share),
    )
