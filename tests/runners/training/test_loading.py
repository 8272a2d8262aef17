from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import torch
from hypothesis import given
from hypothesis import strategies as st

from runners.training.loading import load_ahead, load_batches, share_of
from vits.corpus.clip import Clip
from vits.corpus.features import PreparedUtterance


def utterance(number: int) -> PreparedUtterance:
    clip = Clip(path=Path(), speaker="ada", text="", name=str(number))
    frames = 3 + number
    return PreparedUtterance(
        clip, torch.full((2 + number,), number), torch.full((frames * 4,), 0.5), torch.full((5, frames), float(number))
    )


def test_batches_are_the_same_when_other_processes_make_them() -> None:
    utterances, batches = [utterance(number) for number in range(5)], [[3, 1], [0, 2], [4]]
    here = list(load_batches(utterances, batches, {"ada": 7}, torch.device("cpu")))
    there = list(load_ahead(utterances, batches, {"ada": 7}, workers=2, pinned=False))
    assert len(here) == len(there) == 3
    for one, other in zip(here, there, strict=True):
        for column in fields(one):
            assert torch.equal(getattr(one, column.name), getattr(other, column.name))
    assert here[0].spectrogram[:, 0, 0].tolist() == [3.0, 1.0]
    assert here[0].speaker.tolist() == [7, 7]


@given(st.integers(1, 20), st.integers(1, 4))
def test_every_utterance_has_one_device_when_there_are_enough(size: int, world_size: int) -> None:
    batch = list(range(size))
    parts = [share_of(batch, rank, world_size) for rank in range(world_size)]
    assert all(parts), "a device without a batch would keep the others waiting"
    if size >= world_size:
        assert sorted(index for part in parts for index in part) == batch
        assert max(map(len, parts)) - min(map(len, parts)) <= 1
