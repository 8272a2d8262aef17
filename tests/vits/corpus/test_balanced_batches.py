from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vits.common.errors import InputError
from vits.corpus.balanced_batches import BalancedBatches
from vits.corpus.batching import LengthBucketedBatches

counts = st.lists(st.integers(1, 40), min_size=1, max_size=6)


def batches_of(amounts: list[int], batch_size: int = 4, seed: int = 0) -> BalancedBatches:
    """So many utterances of each of several speakers."""
    speakers = [f"s{place}" for place, amount in enumerate(amounts) for _ in range(amount)]
    return BalancedBatches([10 + 7 * place % 90 for place in range(len(speakers))], speakers, batch_size, seed)


@given(amounts=counts, batch_size=st.integers(1, 9), epoch=st.integers(0, 5))
def test_speakers_come_up_equally_often_in_an_epoch_of_the_usual_size(
    amounts: list[int], batch_size: int, epoch: int
) -> None:
    batches = batches_of(amounts, batch_size)
    drawn = [index for batch in batches(epoch) for index in batch]
    assert len(drawn) == sum(amounts)
    assert len(batches(epoch)) == len(batches) == len(LengthBucketedBatches(batches.lengths, batch_size))
    of_speaker = Counter(batches.speakers[index] for index in drawn)
    assert max(of_speaker.values()) - min(of_speaker.values()) <= 1
    assert len(of_speaker) == min(len(amounts), sum(amounts))


@given(amounts=counts, epoch=st.integers(0, 5))
def test_no_utterance_comes_up_again_before_all_of_its_speaker_have(amounts: list[int], epoch: int) -> None:
    batches = batches_of(amounts)
    times = Counter(index for batch in batches(epoch) for index in batch)
    for name in set(batches.speakers):
        own = [times[index] for index, speaker in enumerate(batches.speakers) if speaker == name]
        assert max(own) - min(own) <= 1


def test_everything_of_the_richest_comes_up_within_some_epochs() -> None:
    batches = batches_of([5, 60])
    heard = {index for epoch in range(12) for batch in batches(epoch) for index in batch}
    assert heard == set(range(65))


def test_order_is_found_again_by_seed_and_epoch() -> None:
    assert batches_of([3, 9])(2) == batches_of([3, 9])(2)
    assert batches_of([3, 9])(2) != batches_of([3, 9])(3)
    assert batches_of([3, 9])(2) != batches_of([3, 9], seed=1)(2)


def test_batches_are_refused_when_speakers_are_missing() -> None:
    with pytest.raises(InputError, match="1 speakers for 2 utterances"):
        BalancedBatches([3, 4], ["a"], 2)
