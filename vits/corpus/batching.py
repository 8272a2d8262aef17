"""Batches of utterances of like length, in an order that a resumed training finds again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from vits.batch_rows import BatchRows
from vits.common.errors import InputError
from vits.corpus.features import PreparedUtterance

JITTER = 0.1  # of a length, so that an utterance meets other neighbours in every epoch


@dataclass(frozen=True)
class Batch:
    """Utterances padded at the end with zeros to the longest of them; lengths are those before padding."""

    tokens: Int64[Tensor, "batch tokens"]
    token_lengths: Int64[Tensor, "batch"]
    spectrogram: Float32[Tensor, "batch channels frames"]
    spectrogram_lengths: Int64[Tensor, "batch"]
    wave: Float32[Tensor, "batch 1 samples"]
    wave_lengths: Int64[Tensor, "batch"]
    speaker: Int64[Tensor, "batch"]

    def __len__(self) -> int:
        return len(self.speaker)

    def to(self, device: torch.device | str) -> Batch:
        """The batch on a device; copies from pinned memory don't wait."""
        return Batch(*(getattr(self, column.name).to(device, non_blocking=True) for column in fields(Batch)))

    def pin_memory(self) -> Batch:
        """The batch in page-locked memory; a DataLoader with `pin_memory=True` calls this."""
        return Batch(*(getattr(self, column.name).pin_memory() for column in fields(Batch)))

    def part(self, place: BatchRows) -> Batch:
        """Some of its utterances, padded as all of them are; the batch itself if they are all."""
        if place.are_all:
            return self
        return BatchPart(*(getattr(self, column.name)[place.rows] for column in fields(Batch)), whole=self, place=place)


@dataclass(frozen=True)
class BatchPart(Batch):
    """Neighbouring utterances of a batch."""

    whole: Batch
    place: BatchRows


def whole_of(batch: Batch) -> Batch:
    """The batch that a part is of, which is itself unless it is a part."""
    return batch.whole if isinstance(batch, BatchPart) else batch


def collate(utterances: Sequence[PreparedUtterance], speaker_ids: Mapping[str, int]) -> Batch:
    """Put utterances into a batch, in their order.

    Raises:
        InputError: a speaker has no id.
    """
    unknown = sorted({item.clip.speaker for item in utterances} - set(speaker_ids))
    if unknown:
        raise InputError(f"the model has no embedding for speaker {', '.join(unknown)}; add them to its speaker table")
    spectrograms = [item.spectrogram for item in utterances]
    return Batch(
        tokens=pad_sequence([item.tokens for item in utterances], batch_first=True),
        token_lengths=torch.tensor([len(item.tokens) for item in utterances]),
        spectrogram=pad_sequence([s.T for s in spectrograms], batch_first=True).transpose(1, 2).contiguous(),
        spectrogram_lengths=torch.tensor([s.shape[1] for s in spectrograms]),
        wave=pad_sequence([item.wave for item in utterances], batch_first=True).unsqueeze(1),
        wave_lengths=torch.tensor([len(item.wave) for item in utterances]),
        speaker=torch.tensor([speaker_ids[item.clip.speaker] for item in utterances]),
    )


@dataclass(frozen=True)
class LengthBucketedBatches:
    """Which utterances make each batch of an epoch: neighbours in length, so that little is padding.

    The order depends on the seed and the epoch alone. A training that stopped after k batches goes on with
    `DataLoader(prepared, batch_sampler=batches(epoch)[k:], ...)`.
    """

    lengths: Sequence[int]
    batch_size: int
    seed: int = 0

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise InputError(f"batch_size={self.batch_size}; a batch needs at least one utterance")
        if not self.lengths:
            raise InputError("there are no utterances to make batches of; choose a split that has some")

    def __len__(self) -> int:
        """Batches in an epoch."""
        return math.ceil(len(self.lengths) / self.batch_size)

    def __call__(self, epoch: int) -> list[list[int]]:
        """The indices in each batch: every utterance once, and every batch but one full."""
        rng = np.random.default_rng((self.seed, epoch))
        jittered = np.asarray(self.lengths) * rng.uniform(1 - JITTER, 1 + JITTER, len(self.lengths))
        by_length = np.argsort(jittered, kind="stable").tolist()
        sizes = np.full(len(self), self.batch_size)
        sizes[rng.integers(len(self))] -= len(self) * self.batch_size - len(self.lengths)
        ends = np.cumsum(sizes)
        batches = [by_length[end - size : end] for end, size in zip(ends, sizes, strict=True)]
        return [batches[i] for i in rng.permutation(len(batches))]
