"""Which voices the metrics may compare with."""

from __future__ import annotations

from pathlib import Path

import torch

from runners.voices.recorded_voices import Voices, known_voices
from strategies.context import BaseSpeakers
from vits.corpus.feature_cache import FeatureCache
from vits.corpus.features import PreparedCorpus
from vits.spectrogram import AudioAnalysis

EMBEDDINGS = torch.arange(6.0).reshape(2, 3)


def nobody(cache_dir: Path) -> Voices:
    cache = FeatureCache(cache_dir, AudioAnalysis(), torch.nn.Identity())
    return Voices(22_050, (), PreparedCorpus([], [], [], [], cache, {}), {}, "nobody")


def test_base_voices_are_known_when_they_bring_voiceprints(tmp_path: Path) -> None:
    base = BaseSpeakers(("p1", "p2"), EMBEDDINGS, torch.eye(192)[:2])
    known = known_voices(nobody(tmp_path), base, {"anna": "p2"})
    assert known.started_from == {"anna": "p2"}
    assert list(known.base_voiceprints) == ["p1", "p2"]
    assert torch.equal(known.base_voiceprints["p2"], torch.eye(192)[1])


def test_no_base_voices_are_known_when_the_base_brings_no_voiceprints(tmp_path: Path) -> None:
    without_prints = BaseSpeakers(("p1", "p2"), EMBEDDINGS, torch.zeros(2, 0))
    assert known_voices(nobody(tmp_path), without_prints, {"anna": "p1"}).base_voiceprints == {}
    nothing = BaseSpeakers((), torch.zeros(0, 3), torch.zeros(0, 0))
    assert known_voices(nobody(tmp_path), nothing, {}).started_from == {}
