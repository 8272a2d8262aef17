"""Transcripts of speech by Whisper in CTranslate2, with 8-bit weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float32

from metrics.judges.judge_weights import fetch
from metrics.judges.language_codes import ENGLISH
from metrics.judges.transcriber import Transcriber, Transcript, joined, windows_of
from metrics.optional_packages import require

PARTS = {
    "model.bin": "faster_whisper",
    "config.json": "faster_whisper_config",
    "tokenizer.json": "faster_whisper_tokenizer",
    "vocabulary.txt": "faster_whisper_vocabulary",
}
"""The files of a converted model, and the family of weights that each is."""


class FasterWhisperJudge(Transcriber):
    """Whisper as the package faster-whisper runs it: the weights rounded to 8 bits when they are loaded.

    Another model and other arithmetic than `WhisperJudge`: their transcripts, and rates made of them, don't
    compare with each other. On a GPU too it rounds, and computes the rest in float32.

    Radford et al. 2023, "Robust Speech Recognition via Large-Scale Weak Supervision",
    https://arxiv.org/abs/2212.04356; https://github.com/SYSTRAN/faster-whisper.
    """

    families: ClassVar[tuple[str, ...]] = tuple(PARTS.values())

    def __init__(self, model: Any) -> None:  # a faster_whisper.WhisperModel
        super().__init__()
        self._model = model

    @classmethod
    def load(cls, name: str, cache_dir: Path, device: torch.device) -> FasterWhisperJudge:
        faster_whisper = require("faster_whisper", "faster-whisper", "metrics=wer_faster_whisper")
        parts = zip(PARTS, cls.weights_named(name), strict=True)
        files = {filename: fetch(weights, cache_dir).read_bytes() for filename, weights in parts}
        model = faster_whisper.WhisperModel(
            name,
            device=device.type,
            device_index=device.index or 0,
            compute_type="int8",
            cpu_threads=torch.get_num_threads(),
            files=files,
        )
        return cls(model)

    def listen(self, waves: Sequence[Float32[np.ndarray, "_"]], language: str = ENGLISH) -> list[Transcript]:
        return [joined([self._decode(window, language) for window in windows_of(wave)]) for wave in waves]

    def _decode(self, window: Float32[np.ndarray, "samples"], language: str) -> Transcript:
        """What is heard in a window of at most 30 s."""
        segments, _ = self._model.transcribe(
            window,
            language=language,
            beam_size=1,
            temperature=0.0,
            without_timestamps=True,
            condition_on_previous_text=False,
            # nothing is decoded twice or dropped: what looks invented is flagged by the metric
            compression_ratio_threshold=None,
            log_prob_threshold=None,
            no_speech_threshold=None,
        )
        return joined([Transcript(s.text.strip(), s.compression_ratio, s.no_speech_prob) for s in segments])
