"""A short clip's features, with and without most of the silence behind it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from metrics.judges.thinned_silence import encode, thinned


@pytest.fixture(scope="module")
def whisper_model() -> Any:
    """Whisper's architecture, narrow and untrained."""
    from whisper.model import ModelDimensions, Whisper

    torch.manual_seed(0)
    return Whisper(ModelDimensions(80, 1500, 16, 2, 2, 51_864, 448, 16, 2, 2)).eval()


def noise(samples: int) -> np.ndarray:
    return np.random.default_rng(samples).normal(0, 0.1, samples).astype(np.float32)


@pytest.mark.parametrize("samples", [1, 1600, 40_123, 478_000, 479_900, 480_000])
def test_features_are_whispers_own_when_every_position_is_kept(whisper_model: Any, samples: int) -> None:
    import whisper

    mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(torch.from_numpy(noise(samples))))
    with torch.inference_mode():
        encoding = encode(whisper_model.encoder, noise(samples), stand_for=1)
        torch.testing.assert_close(encoding.features, whisper_model.encoder(mel[None])[0], atol=1e-5, rtol=1e-5)
    assert not encoding.log_counts.any()


@pytest.mark.parametrize(("n_front", "stand_for"), [(4, 4), (200, 1), (200, 4), (1450, 7), (1497, 4), (1500, 4)])
def test_counts_add_up_to_all_positions_when_some_are_left_out(n_front: int, stand_for: int) -> None:
    places, counts = thinned(n_front, 1500, stand_for)
    assert int(counts.sum()) == 1500
    assert (places.diff() > 0).all()
    assert (int(places[0]), int(places[-1])) == (0, 1499)
    assert counts.max() <= stand_for


def test_features_stay_near_when_positions_stand_for_others(whisper_model: Any) -> None:
    with torch.inference_mode():
        whole, few = (encode(whisper_model.encoder, noise(32_000), stand_for).features for stand_for in (1, 4))
    assert len(few) < len(whole) / 2
    error = (few[:100] - whole[:100]).norm() / whole[:100].norm()
    assert 0 < error < 0.1
