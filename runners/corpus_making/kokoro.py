"""Kokoro-82M (hexgrad, 2025), a StyleTTS 2 decoder with an iSTFTNet vocoder, run by ONNX Runtime.

It is made from phonemes and a style vector, and draws no random numbers: the same input gives the same samples
whatever the number of threads. Processors of another make may round its 8-bit products otherwise.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from vits.common.errors import InputError

SAMPLE_RATE = 24000
MOST_TOKENS = 509  # there is a style vector for each number of tokens from 0

# The symbols by the number of the first of each run; those between the runs are unused.
_RUNS = {
    1: ";:,.!?",
    9: '—…"()“” \u0303ʣʥʦʨᵝꭧAI',
    31: "O",
    33: "Q",
    35: "ST",
    39: "W",
    41: "Yᵊabcdef",
    50: "hijklmnopqrstuvwxyzɑɐɒæ",
    75: "βɔɕç",
    80: "ɖðʤə",
    85: "ɚɛɜ",
    90: "ɟ",
    92: "ɡ",
    99: "ɥ",
    101: "ɨɪʝ",
    110: "ɯɰŋɳɲɴø",
    118: "ɸθœ",
    123: "ɹ",
    125: "ɾɻ",
    128: "ʁɽʂʃʈʧ",
    135: "ʊʋ",
    138: "ʌɣɤ",
    142: "χʎ",
    147: "ʒʔ",
    156: "ˈˌː",
    162: "ʰ",
    164: "ʲ",
    169: "↓",
    171: "→↗↘",
    177: "ᵻ",
}
TOKENS = {symbol: first + place for first, run in _RUNS.items() for place, symbol in enumerate(run)}


def tokens_of(phonemes: str) -> list[int]:
    """The numbers of the symbols; what Kokoro doesn't know is dropped.

    espeak's IPA is taken letter by letter: diphthongs and affricates stay two symbols, although Kokoro knows
    signs for some of them (`A` for `eɪ`).
    """
    return [TOKENS[symbol] for symbol in phonemes if symbol in TOKENS]


def require_onnxruntime() -> None:
    """Check that ONNX Runtime is installed.

    Raises:
        InputError: it isn't.
    """
    if importlib.util.find_spec("onnxruntime") is None:
        raise InputError("making a corpus needs onnxruntime; install the extra: pip install -e '.[corpus]'")


class Kokoro:
    """The model of a verified ONNX file, on so many processor cores."""

    def __init__(self, model: Path, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def speak(
        self, tokens: list[int], style: Float32[np.ndarray, "lengths channels"]
    ) -> Float32[np.ndarray, "samples"]:
        """The audio at 24 kHz and usual speed, with silence around it.

        It takes 1 to 509 tokens, and their number chooses the style vector. Peaks may lie above 1.
        """
        inputs = {
            "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
            "style": style[len(tokens)][None],
            "speed": np.ones(1, dtype=np.float32),
        }
        (audio,) = self._session.run(["audio"], inputs)
        return np.asarray(audio, dtype=np.float32).ravel()
