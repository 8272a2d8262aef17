"""Batches in which every speaker comes up as often as any other, however much there is of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vits.common.errors import InputError
from vits.corpus.batching import LengthBucketedBatches


@dataclass(frozen=True)
class BalancedBatches:
    """Which utterances make each batch of an epoch: as many of each speaker, neighbours in length together.

    An epoch has as many utterances as there are. A speaker with fewer than an equal share says each of them again,
    and of one with more a new choice is drawn in every epoch. The order depends on the seed and the epoch alone.
    """

    lengths: Sequence[int]
    speakers: Sequence[str]
    batch_size: int
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.speakers) != len(self.lengths):
            raise InputError(f"{len(self.speakers)} speakers for {len(self.lengths)} utterances; name one for each")
        LengthBucketedBatches(self.lengths, self.batch_size, self.seed)  # which checks the others

    def __len__(self) -> int:
        """Batches in an epoch."""
        return math.ceil(len(self.lengths) / self.batch_size)

    def __call__(self, epoch: int) -> list[list[int]]:
        """The indices in each batch; every batch but one is full."""
        chosen = self.chosen(epoch)
        batches = LengthBucketedBatches([self.lengths[index] for index in chosen], self.batch_size, self.seed)
        return [[chosen[place] for place in batch] for batch in batches(epoch)]

    def chosen(self, epoch: int) -> list[int]:
        """The utterances of an epoch: each speaker's share, which differ by one at most."""
        rng = np.random.default_rng((self.seed, epoch, len(self.lengths)))
        names = [sorted(set(self.speakers))[place] for place in rng.permutation(len(set(self.speakers)))]
        share, more = divmod(len(self.lengths), len(names))
        return [index for place, name in enumerate(names) for index in self._of(name, share + (place < more), rng)]

    def _of(self, name: str, count: int, rng: np.random.Generator) -> list[int]:
        """So many of a speaker's utterances; none a second time before all have come up."""
        own = [index for index, speaker in enumerate(self.speakers) if speaker == name]
        rounds = [rng.permutation(len(own)) for _ in range(math.ceil(count / len(own)))]
        return [own[place] for place in np.concatenate([*rounds, np.empty(0, int)])[:count].astype(int)]
