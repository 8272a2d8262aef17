from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch

from runners.training.material import BALANCED, NATURAL, RehearsedBatches, batches_of
from vits.corpus.clip import Clip
from vits.corpus.feature_cache import FeatureCache
from vits.corpus.features import PreparedCorpus
from vits.model_spec import ModelSpec

AMOUNTS = {"anna": 3, "bob": 9}


@pytest.fixture
def train(miniature_spec: ModelSpec, tmp_path: Path) -> PreparedCorpus:
    """Three utterances of one voice and nine of another; their recordings are never read."""
    clips = [Clip(Path(), name, "", f"{name} {n}") for name, count in AMOUNTS.items() for n in range(count)]
    return PreparedCorpus(
        clips=clips,
        tokens=[torch.ones(2, dtype=torch.int64)] * len(clips),
        keys=[clip.name for clip in clips],
        frames=[20 + n for n in range(len(clips))],
        cache=FeatureCache(tmp_path, miniature_spec.analysis(), miniature_spec.spectrogram()),
        skipped={},
    )


@pytest.mark.parametrize(("sampling", "expected"), [(NATURAL, AMOUNTS), (BALANCED, {"anna": 6, "bob": 6})])
def test_voices_come_up_as_the_sampling_says(sampling: str, expected: dict[str, int], train: PreparedCorpus) -> None:
    batches = batches_of(train, 4, sampling, seed=1)
    drawn = Counter(train.clips[index].speaker for batch in batches(0) for index in batch)
    assert drawn == expected
    assert len(batches) == 3


def test_rehearsed_utterances_keep_their_share_when_voices_are_balanced(train: PreparedCorpus) -> None:
    rehearsed = RehearsedBatches(batches_of(train, 4, BALANCED, seed=1), n_rehearsed=5, share=0.2)
    for batch in rehearsed(0):
        assert sum(index >= len(train) for index in batch) == 1
        assert len(batch) == 5
