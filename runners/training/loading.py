"""Batches as the device wants them: made in this process for a CPU, ahead of time and page-locked for CUDA."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import torch
from torch.utils.data import DataLoader

from vits.corpus.batching import Batch, collate
from vits.corpus.features import PreparedUtterance

CUDA_WORKERS = 4  # processes that make batches while the device computes


def load_batches(
    utterances: Sequence[PreparedUtterance],
    batches: Sequence[Sequence[int]],
    speaker_ids: Mapping[str, int],
    device: torch.device,
) -> Iterator[Batch]:
    """The batches with these indices, in their order, on the device."""
    if device.type == "cuda":
        made = load_ahead(utterances, batches, speaker_ids, workers=CUDA_WORKERS, pinned=True)
    else:
        made = (collate([utterances[index] for index in indices], speaker_ids) for indices in batches)
    for batch in made:
        yield batch.to(device)


def load_ahead(
    utterances: Sequence[PreparedUtterance],
    batches: Sequence[Sequence[int]],
    speaker_ids: Mapping[str, int],
    *,
    workers: int,
    pinned: bool,
) -> Iterator[Batch]:
    """The batches, made by other processes while the last ones are used."""
    loader = DataLoader(
        utterances,  # pyright: ignore[reportArgumentType]  # a sequence is all that it needs
        batch_sampler=batches,  # pyright: ignore[reportArgumentType]
        collate_fn=partial(collate, speaker_ids=dict(speaker_ids)),
        num_workers=workers,
        pin_memory=pinned,
    )
    yield from loader
