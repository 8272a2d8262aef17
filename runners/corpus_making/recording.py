"""From the synthesiser's audio to the file of a recording."""

from __future__ import annotations

import io

import numpy as np
import soundfile
from jaxtyping import Float32, Int16

from runners.corpus_making.ogg import with_serial_number

SILENCE = 0.01  # of the peak
LEAD_S = 0.05  # kept before the first sample that isn't silent
TAIL_S = 0.1  # kept after the last one
PEAK = 0.7
OPUS_COMPRESSION = 0.8  # of libsndfile: 56 kbit/s for one channel, near 60 with Ogg around it


def recording(wave: Float32[np.ndarray, "samples"], sample_rate: int) -> bytes:
    """An Ogg Opus file of the audio without the silence around it, its peak at 0.7; equal audio gives equal bytes."""
    return encode_opus(to_pcm16(trim(wave, sample_rate)), sample_rate)


def trim(wave: Float32[np.ndarray, "samples"], sample_rate: int) -> Float32[np.ndarray, "kept"]:
    """The audio from 50 ms before its first to 100 ms after its last sample above 1 % of the peak."""
    loudness = np.abs(wave)
    audible = np.flatnonzero(loudness > SILENCE * loudness.max())
    start = max(0, int(audible[0]) - round(LEAD_S * sample_rate))
    return wave[start : int(audible[-1]) + round(TAIL_S * sample_rate)]


def to_pcm16(wave: Float32[np.ndarray, "samples"]) -> Int16[np.ndarray, "samples"]:
    """The audio as 16-bit samples, its peak at 0.7 of full scale."""
    scale = PEAK / float(np.abs(wave).max())
    return np.rint(wave.astype(np.float64) * scale * 2**15).astype(np.int16)


def encode_opus(samples: Int16[np.ndarray, "samples"], sample_rate: int) -> bytes:
    """Those samples as Ogg Opus of about 60 kbit/s."""
    file = io.BytesIO()
    soundfile.write(file, samples, sample_rate, format="OGG", subtype="OPUS", compression_level=OPUS_COMPRESSION)
    return with_serial_number(file.getvalue(), 0)
