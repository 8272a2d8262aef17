"""What Whisper hears in clips, kept by their content, so that an interrupted preparation asks it for nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Float32

from metrics.judges.judge import Judges
from metrics.judges.transcriber import Transcript
from metrics.judges.whisper_judge import WhisperJudge
from metrics.wer import NO_SPEECH, REPEATS_ITSELF
from vits.common.atomic_files import content_key
from vits.common.kept_files import keep_json, kept_json
from vits.corpus.prepared_texts import RECOGNISER

MODEL = "tiny.en"  # that of metrics=wer; a WER of voices that it transcribed itself flatters
NAME = f"{RECOGNISER} {MODEL}"
TOGETHER = 8


@dataclass(frozen=True)
class Hearing:
    """The judge's Whisper, loaded when it is first asked for something new."""

    judges: Judges

    def __call__(self, waves: Sequence[Float32[np.ndarray, "_"]], advance: Callable[[int], object]) -> list[Transcript]:
        """Transcripts of clips at 16 kHz, in their order; `advance` is told how many were heard."""
        heard: list[Transcript] = []
        for start in range(0, len(waves), TOGETHER):
            heard += self._batch(waves[start : start + TOGETHER])
            advance(len(waves[start : start + TOGETHER]))
        return heard

    def _batch(self, waves: Sequence[Float32[np.ndarray, "_"]]) -> list[Transcript]:
        (weights,) = WhisperJudge.weights_named(MODEL)
        folder = self.judges.cache_dir / "prepared_texts"
        paths = [folder / f"{content_key([weights.sha256.encode(), wave.tobytes()])}.json" for wave in waves]
        known = [kept_json(path, dict[str, str | float]) for path in paths]
        new = [wave for wave, found in zip(waves, known, strict=True) if found is None]
        told = iter(self.judges.get(WhisperJudge, MODEL).transcribe(new) if new else [])
        heard = [next(told) if found is None else Transcript(**found) for found in known]
        for path, transcript, found in zip(paths, heard, known, strict=True):
            if found is None:
                keep_json(path, asdict(transcript))
        return heard


def objection(transcript: Transcript) -> str:
    """Why a transcript can't be what is said; "" where nothing speaks against it."""
    if not any(letter.isalnum() for letter in transcript.text):
        return f"{NAME} hears no words"
    if transcript.compression_ratio > REPEATS_ITSELF:
        return f"{NAME} hears a loop of the same words"
    return f"{NAME} takes it for no speech" if transcript.no_speech_probability > NO_SPEECH else ""
