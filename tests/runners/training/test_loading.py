from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import torch

from runners.training.loading import load_ahead, load_batches
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
