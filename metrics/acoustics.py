"""An utterance beside the real recording of the same sentence: what both sound like, frame by frame.

All of it at 16 kHz and 100 frames per second, so that values compare between corpora of different rates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int

from metrics.metric import JUDGED_RATE, SHORTEST_S, Score, Utterance

HOP = 160  # samples, 10 ms
WINDOW = 400  # samples, 25 ms
N_FFT = 1024
N_MELS = 80
COEFFICIENTS = 13
SILENCE_DB = 40.0  # below the loudest frame
FLOOR_DB = 80.0  # below a clip's loudest band; what is quieter is not heard beside it


@dataclass(frozen=True, eq=False)
class Pair:
    """The same sentence spoken and recorded, at 16 kHz, without the silence around it."""

    spoken: Float32[np.ndarray, "spoken"]
    recorded: Float32[np.ndarray, "recorded"]


def score_pairs(batch: Sequence[Utterance], score: Callable[[Pair], Score], undefined: Score) -> list[Score]:
    """Scores of those utterances that hold sound and have a recording that does; the others are undefined."""
    return [undefined if (pair := pair_of(utterance)) is None else score(pair) for utterance in batch]


def pair_of(utterance: Utterance) -> Pair | None:
    """An utterance and its recording, None where either is missing or holds less than 0.1 s of sound."""
    if utterance.recording is None or not utterance.is_sound:
        return None
    recorded = utterance.as_recorded()
    if not recorded.is_sound:
        return None
    pair = Pair(trimmed(utterance.wave_16k), trimmed(recorded.wave_16k))
    return pair if min(pair.spoken.size, pair.recorded.size) >= SHORTEST_S * JUDGED_RATE else None


def trimmed(wave: Float32[np.ndarray, "samples"]) -> Float32[np.ndarray, "speech"]:
    """A clip from the first to the last frame that is at most 40 dB below its loudest."""
    import librosa

    speech, _ = librosa.effects.trim(wave, top_db=SILENCE_DB, frame_length=WINDOW, hop_length=HOP)
    return speech


def mel_cepstra(wave: Float32[np.ndarray, "samples"]) -> Float[np.ndarray, "frames 13"]:
    """Mel-cepstral coefficients 1 to 13: the shape of the spectral envelope of each frame, without its level.

    The coefficients of a cosine series over 80 mel bands (0 to 8 kHz) of the log amplitude, each times the cosine it
    belongs to, so that ln|S| = c_0 / 2 + sum over k of c_k cos(k w).
    """
    import librosa
    from scipy.fft import dct

    power = librosa.feature.melspectrogram(
        y=wave, sr=JUDGED_RATE, n_fft=N_FFT, win_length=WINDOW, hop_length=HOP, n_mels=N_MELS
    )
    log_amplitude = 0.5 * np.log(np.maximum(power, power.max() * 10 ** (-FLOOR_DB / 10)))
    return (dct(log_amplitude, type=2, axis=0) / N_MELS)[1 : COEFFICIENTS + 1].T


def warped(
    spoken: Float[np.ndarray, "spoken features"], recorded: Float[np.ndarray, "recorded features"]
) -> tuple[Int[np.ndarray, "steps"], Int[np.ndarray, "steps"]]:
    """Which frames belong together: the path of dynamic time warping with the least sum of distances.

    Sakoe and Chiba 1978, "Dynamic programming algorithm optimization for spoken word recognition"; symmetric steps
    of equal weight.
    """
    import librosa

    _, path = librosa.sequence.dtw(spoken.T, recorded.T, metric="euclidean")
    return path[::-1, 0], path[::-1, 1]
