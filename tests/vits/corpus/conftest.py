from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

WriteTone = Callable[..., Path]


@pytest.fixture
def write_tone(tmp_path: Path) -> WriteTone:
    """Write a tone of some length into a file below the test's folder and return its path."""

    def write(
        name: str,
        seconds: float = 1.0,
        rate: int = 22050,
        channels: int = 1,
        hz: float = 440.0,
        amplitude: float = 0.5,
        subtype: str | None = None,
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        tone = amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
        form = {".ogg": ("OGG", "VORBIS"), ".opus": ("OGG", "OPUS")}.get(path.suffix, (None, None))
        wave = np.repeat(tone[:, None], channels, axis=1)
        soundfile.write(path, wave, rate, format=form[0], subtype=subtype or form[1])
        return path

    return write
