"""Transcripts of speech by Whisper."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float32

from metrics.judges.greedy_decoding import GreedyDecoder
from metrics.judges.judge_weights import WHISPER, Weights, fetch, known_names
from metrics.judges.language_codes import ENGLISH
from metrics.judges.transcriber import Transcriber, Transcript, joined, windows_of
from metrics.judges.window_encoder import STRIDE, WindowEncoder

DECODED_TOGETHER = 8  # windows; the fastest of 1, 4, 8 and 16 on a CPU


class WhisperJudge(Transcriber):
    """OpenAI's Whisper, always in float32: with a bfloat16 encoder, 2 of 32 transcripts of human speech changed.

    Of how many positions of the silence behind a clip one is computed is the `stride`; 1 is all of Whisper's encoder
    (`benchmarks/judging.py` says what each costs and changes).

    Radford et al. 2023, "Robust Speech Recognition via Large-Scale Weak Supervision",
    https://arxiv.org/abs/2212.04356.
    """

    families: ClassVar[tuple[str, ...]] = (WHISPER,)

    def __init__(self, model: Any, stride: int = STRIDE) -> None:  # a whisper.Whisper, which is untyped
        super().__init__()
        self.model = model.eval()
        self._encode = WindowEncoder(model, stride)
        self._decoders: dict[str, GreedyDecoder] = {}

    @classmethod
    def weights_named(cls, name: str) -> tuple[Weights, ...]:
        """The table's weights of that name, or those that openai-whisper knows by it, with the checksum it gives."""
        if name in known_names(WHISPER):
            return super().weights_named(name)
        from metrics.judges.official_whisper import official_weights

        return (official_weights(name),)

    @classmethod
    def load(cls, name: str, cache_dir: Path, device: torch.device) -> WhisperJudge:
        (weights,) = cls.weights_named(name)
        path = fetch(weights, cache_dir)
        import whisper

        return cls(whisper.load_model(str(path), device=device))

    def listen(self, waves: Sequence[Float32[np.ndarray, "_"]], language: str = ENGLISH) -> list[Transcript]:
        windows = [(owner, window) for owner, wave in enumerate(waves) for window in windows_of(wave)]
        # a batch is decoded until its longest text ends, so texts of like length go together
        order = sorted(range(len(windows)), key=lambda i: windows[i][1].size)
        heard: dict[int, Transcript] = {}
        for start in range(0, len(order), DECODED_TOGETHER):
            together = order[start : start + DECODED_TOGETHER]
            results = self._decode([windows[i][1] for i in together], language)
            heard.update(zip(together, results, strict=True))
        return [
            joined([heard[i] for i, (its_owner, _) in enumerate(windows) if its_owner == owner])
            for owner in range(len(waves))
        ]

    @torch.inference_mode()
    def _decode(self, windows: Sequence[Float32[np.ndarray, "_"]], language: str) -> list[Transcript]:
        """What is heard in windows of at most 30 s."""
        # Each window is encoded alone: what is heard in it then hardly depends on its neighbours, and on a
        # CPU it is faster than a batch, whose activations leave the cache.
        if language not in self._decoders:
            self._decoders[language] = GreedyDecoder(self.model, language)
        return self._decoders[language]([self._encode(window) for window in windows])
