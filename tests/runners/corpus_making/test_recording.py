"""A recording as it is kept: cut, as loud as the others, and encoded to the same bytes."""

from __future__ import annotations

import io

import numpy as np
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from runners.corpus_making.kokoro import SAMPLE_RATE
from runners.corpus_making.recording import recording, to_pcm16, trim


def test_silence_is_cut_when_it_is_below_a_hundredth_of_the_peak() -> None:
    wave = np.zeros(24000, dtype=np.float32)
    wave[[2000, 10000, 20000, 23000]] = [0.0199, 0.0201, -2.0, 0.0199]
    kept = trim(wave, SAMPLE_RATE)
    np.testing.assert_array_equal(kept, wave[10000 - 1200 : 20000 + 2400])


def test_nothing_is_added_when_the_audio_begins_and_ends_loudly() -> None:
    wave = np.ones(500, dtype=np.float32)
    np.testing.assert_array_equal(trim(wave, SAMPLE_RATE), wave)


@given(peak=st.floats(1e-3, 8), sign=st.sampled_from([-1, 1]))
def test_peak_is_at_seven_tenths_when_the_audio_had_any(peak: float, sign: int) -> None:
    samples = to_pcm16(np.array([0, sign * peak, -sign * peak / 2], dtype=np.float32))
    assert samples.tolist() == [0, sign * 22938, -sign * 11469]


def test_bytes_are_the_same_when_the_audio_is(chirp: np.ndarray) -> None:
    first = recording(chirp, SAMPLE_RATE)
    assert recording(chirp, SAMPLE_RATE) == first
    decoded, rate = soundfile.read(io.BytesIO(first), dtype="float32")
    assert (rate, decoded.size) == (SAMPLE_RATE, trim(chirp, SAMPLE_RATE).size)
    assert np.abs(decoded - to_pcm16(trim(chirp, SAMPLE_RATE)) / 2**15).mean() < 0.01
    assert len(first) < 8 * 60_000 / 8  # bytes in 4 s, with room to spare
