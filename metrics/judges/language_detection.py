"""Which language is spoken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from jaxtyping import Float32

from metrics.judges.faster_whisper_judge import FasterWhisperJudge


@dataclass(frozen=True)
class SpokenLanguage:
    """Whisper's code of the likeliest language ("en"), and its probability among all that it knows."""

    code: str
    probability: float


class KeptLanguage(TypedDict):
    """The same as a cache keeps it in JSON."""

    code: str
    probability: float


class LanguageJudge(FasterWhisperJudge):
    """The language of a clip as the multilingual Whisper base hears it in its first 30 s.

    Radford et al. 2023, https://arxiv.org/abs/2212.04356, section 2.3: the token after the start of the text.
    """

    def detect(self, waves: Sequence[Float32[np.ndarray, "_"]]) -> list[SpokenLanguage]:
        """The languages of clips at 16 kHz, in their order."""
        return [self._detect_one(wave) for wave in waves]

    def _detect_one(self, wave: Float32[np.ndarray, "samples"]) -> SpokenLanguage:
        code, probability, _ = self._model.detect_language(wave)
        return SpokenLanguage(code, float(probability))
