"""Clips without files, and recordings with what is to be found in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from linting_material import RATE, MakeClip, WriteWave

from vits.corpus.clip import Clip


@pytest.fixture
def make_clip(tmp_path: Path) -> MakeClip:
    """A clip below the test's folder, whose file needn't be there."""

    def make(name: str, text: str = "", speaker: str = "ada", split: str = "train", **others: Any) -> Clip:
        return Clip(path=tmp_path / f"{name}.wav", speaker=speaker, text=text, name=name, split=split, **others)

    return make


@pytest.fixture
def tone() -> np.ndarray:
    """A second of a voice-like tone with ten harmonics, its peak at 0.5."""
    time = np.arange(RATE) / RATE
    wave = sum(np.sin(2 * np.pi * 120 * k * time + k) / k for k in range(1, 11))
    return (0.5 * wave / np.abs(wave).max()).astype(np.float32)


@pytest.fixture
def write_wave(tmp_path: Path) -> WriteWave:
    """Writes a recording of 16 bits at 16 kHz into the test's folder."""

    def write(name: str, wave: np.ndarray) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.round(wave * 32767).astype(np.int16), RATE)
        return path

    return write
