"""Speech in any of espeak's languages, by the library that the package espeakng-loader brings.

In a process of its own: the library knows one mode at a time, and whoever has made phonemes with it gets no sound.
"""

from __future__ import annotations

import ctypes
import io
import json
import subprocess
import sys

import espeakng_loader
import numpy as np

RETRIEVED, UTF_8 = 1, 1  # espeak's audio output mode, and the flag for its text encoding
Heard = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def spoken(texts: list[str], voice: str, pitch: int = 50) -> tuple[list[np.ndarray], int]:
    """A wave of each text in [-1, 1], and the sample rate; `voice` is a language, with a variant (`de+f3`) or not."""
    command = [sys.executable, __file__, voice, str(pitch)]
    process = subprocess.run(command, input=json.dumps(texts).encode(), capture_output=True, check=True)
    with np.load(io.BytesIO(process.stdout)) as found:
        return [found[f"arr_{place}"] for place in range(len(texts))], int(found["rate"])


def _spoken_here(texts: list[str], voice: str, pitch: int) -> tuple[list[np.ndarray], int]:
    espeak = ctypes.CDLL(espeakng_loader.get_library_path())
    sample_rate = espeak.espeak_Initialize(RETRIEVED, 500, espeakng_loader.get_data_path().encode(), 0)
    pieces: list[np.ndarray] = []

    @Heard
    def heard(samples: ctypes._Pointer[ctypes.c_short], count: int, _: int) -> int:
        if samples and count > 0:
            pieces.append(np.ctypeslib.as_array(samples, (count,)).astype(np.float32) / 2**15)
        return 0

    espeak.espeak_SetSynthCallback(heard)
    assert espeak.espeak_SetVoiceByName(voice.encode()) == 0
    espeak.espeak_SetParameter(3, pitch, 0)
    waves = []
    for text in texts:
        pieces.clear()
        content = text.encode()
        assert espeak.espeak_Synth(content, len(content) + 1, 0, 1, 0, UTF_8, None, None) == 0
        espeak.espeak_Synchronize()
        waves.append(np.concatenate(pieces))
    return waves, sample_rate


def _main() -> None:
    waves, rate = _spoken_here(json.load(sys.stdin), sys.argv[1], int(sys.argv[2]))
    content = io.BytesIO()
    np.savez(content, *waves, rate=np.array(rate))
    sys.stdout.buffer.write(content.getvalue())


if __name__ == "__main__":
    _main()
