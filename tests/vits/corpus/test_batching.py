from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from vits.common.errors import InputError
from vits.corpus.batching import LengthBucketedBatches, collate
from vits.corpus.clip import Clip
from vits.corpus.features import PreparedUtterance

lengths = st.lists(st.integers(1, 1000), min_size=1, max_size=200)


def utterance(speaker: str, n_tokens: int, n_frames: int) -> PreparedUtterance:
    return PreparedUtterance(
        Clip(Path("a.wav"), speaker, "", "a"),
        torch.arange(1, n_tokens + 1),
        torch.full((n_frames * 4,), 0.5),
        torch.full((3, n_frames), 2.0),
    )


def test_padding_is_zero_and_lengths_are_true_when_collated() -> None:
    batch = collate([utterance("b", 2, 5), utterance("a", 4, 3)], {"a": 7, "b": 0})
    assert batch.tokens.tolist() == [[1, 2, 0, 0], [1, 2, 3, 4]]
    assert batch.token_lengths.tolist() == [2, 4]
    assert batch.spectrogram.shape == (2, 3, 5)
    assert batch.spectrogram[1].tolist() == [[2, 2, 2, 0, 0]] * 3
    assert batch.spectrogram_lengths.tolist() == [5, 3]
    assert batch.wave.shape == (2, 1, 20)
    assert batch.wave[1, 0, 12:].tolist() == [0] * 8
    assert batch.wave_lengths.tolist() == [20, 12]
    assert batch.speaker.tolist() == [0, 7]
    assert len(batch) == 2


def test_every_tensor_moves_when_sent_to_a_device() -> None:
    batch = collate([utterance("a", 2, 5)], {"a": 0}).to("meta")
    assert {tensor.device.type for tensor in vars(batch).values()} == {"meta"}


def test_error_names_the_speaker_when_it_has_no_id() -> None:
    with pytest.raises(InputError, match="no embedding for speaker c, d"):
        collate([utterance("d", 2, 5), utterance("a", 2, 5), utterance("c", 2, 5)], {"a": 0})


@given(lengths, st.integers(1, 40), st.integers(0, 3), st.integers(0, 3))
def test_every_utterance_comes_once_when_an_epoch_is_drawn(found: list[int], size: int, seed: int, epoch: int) -> None:
    buckets = LengthBucketedBatches(found, size, seed)
    batches = buckets(epoch)
    assert sorted(index for batch in batches for index in batch) == list(range(len(found)))
    assert len(batches) == len(buckets)
    assert sum(len(batch) < size for batch in batches) <= 1
    assert all(0 < len(batch) <= size for batch in batches)
    assert batches == LengthBucketedBatches(list(found), size, seed)(epoch)


def test_order_differs_when_the_epoch_or_seed_does() -> None:
    buckets = LengthBucketedBatches(range(1, 101), 8)
    assert buckets(0) != buckets(1)
    assert buckets(0) != LengthBucketedBatches(range(1, 101), 8, seed=1)(0)
    assert {frozenset(batch) for batch in buckets(0)} != {frozenset(batch) for batch in buckets(1)}


def test_little_is_padding_when_lengths_are_spread() -> None:
    found = list(range(50, 1050))
    batches = LengthBucketedBatches(found, 16)(0)
    padded = sum(len(batch) * max(found[i] for i in batch) for batch in batches)
    assert sum(found) / padded > 0.88


def test_training_goes_on_where_it_stopped_when_batches_are_sliced() -> None:
    corpus = [utterance("a", 2, n) for n in range(1, 21)]
    buckets = LengthBucketedBatches([u.spectrogram.shape[1] for u in corpus], 4)
    together = partial(collate, speaker_ids={"a": 0})

    def frames(start: int) -> list[list[int]]:
        loader = DataLoader(corpus, batch_sampler=buckets(3)[start:], collate_fn=together)  # pyright: ignore
        return [batch.spectrogram_lengths.tolist() for batch in loader]

    assert frames(0)[2:] == frames(2)


def test_error_names_the_size_when_a_batch_would_be_empty() -> None:
    with pytest.raises(InputError, match="batch_size=0"):
        LengthBucketedBatches([1], 0)
    with pytest.raises(InputError, match="no utterances"):
        LengthBucketedBatches([], 4)
