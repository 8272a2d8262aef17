"""Log F0: does the melody follow the recording's?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float32

from metrics.acoustics import HOP, Pair, mel_cepstra, score_pairs, warped
from metrics.judges.heard_before import Memo
from metrics.judges.judge import Judges
from metrics.metric import JUDGED_RATE, KnownVoices, Metric, Score, Scorer
from vits.common.bounds import check_fields
from vits.common.errors import InputError
from vits.common.registry import register
from vits.common.sizes import FrequencyHz

FRAME = 1024  # samples, 64 ms: two periods of 31 Hz
SEMITONES_PER_OCTAVE = 12
RESOLUTION_SEMITONES = 0.2  # a third of the time of 0.1, and a mean error of 0.06


@register("metrics", "log_f0")
@dataclass(frozen=True)
class LogF0(Metric):
    """Root mean square difference of the log fundamental frequency from the recording's; lower is better.

    In semitones, 0 and up; an octave error costs 12. Over the pairs of frames that dynamic time warping of the
    mel cepstra puts together, where both are voiced. Beside it:

    - `log_f0_correlation`: Pearson correlation of the two log F0 over the same pairs; in [-1, 1], higher is better;
      it forgives a melody that is transposed. NaN where one of the two doesn't move;
    - `log_f0_voicing_error`: share of all pairs where one is voiced and the other isn't; in [0, 1], lower is better.

    NaN where there is no recording, no sound in one of the two, or (but for the voicing error) fewer than two pairs
    are voiced. One sentence has many good melodies: compare means over many, not single utterances.

    F0 by probabilistic YIN between `lowest_hz` and `highest_hz`: Mauch and Dixon 2014, "pYIN"; librosa's.
    """

    name: ClassVar[str] = "log_f0"
    unit: ClassVar[str] = "semitones"
    higher_is_better: ClassVar[bool] = False
    needs_recording: ClassVar[bool] = True
    range: ClassVar[tuple[float, float]] = (0.0, math.inf)
    margin: ClassVar[float] = 0.25
    components: ClassVar[tuple[str, ...]] = ("log_f0_correlation", "log_f0_voicing_error")

    lowest_hz: FrequencyHz = 65.0
    highest_hz: FrequencyHz = 500.0

    def __post_init__(self) -> None:
        check_fields(self, "metrics.log_f0")
        if not JUDGED_RATE / FRAME * 2 < self.lowest_hz < self.highest_hz < JUDGED_RATE / 4:
            raise InputError(
                f"metrics.log_f0 looks for F0 between {self.lowest_hz} and {self.highest_hz} Hz; give a lowest_hz "
                f"above {JUDGED_RATE / FRAME * 2} and a highest_hz above it and below {JUDGED_RATE / 4}"
            )

    def prepare(self, known: KnownVoices, judges: Judges) -> Scorer:
        memo: Memo[Float[np.ndarray, "_"]] = Memo()  # the recordings come again at each evaluation

        def tracks(waves: Sequence[Float32[np.ndarray, "_"]]) -> list[Float[np.ndarray, "_"]]:
            return [f0_hz(wave, self.lowest_hz, self.highest_hz) for wave in waves]

        def score(pair: Pair) -> Score:
            spoken, recorded = memo([pair.spoken, pair.recorded], tracks)
            ours, theirs = warped(mel_cepstra(pair.spoken), mel_cepstra(pair.recorded))
            return compare(spoken[ours], recorded[theirs])

        return lambda batch: score_pairs(batch, score, self.undefined())


def f0_hz(wave: Float32[np.ndarray, "samples"], lowest_hz: float, highest_hz: float) -> Float[np.ndarray, "frames"]:
    """The fundamental frequency of a clip at 16 kHz, 100 frames per second; NaN where it is not voiced."""
    import librosa

    track, _, _ = librosa.pyin(
        wave,
        fmin=lowest_hz,
        fmax=highest_hz,
        sr=JUDGED_RATE,
        frame_length=FRAME,
        hop_length=HOP,
        resolution=RESOLUTION_SEMITONES,
    )
    return track


def compare(spoken_hz: Float[np.ndarray, "frames"], recorded_hz: Float[np.ndarray, "frames"]) -> Score:
    """The metric's values for two tracks whose frames belong together."""
    voiced = ~np.isnan(spoken_hz), ~np.isnan(recorded_hz)
    both = voiced[0] & voiced[1]
    spoken, recorded = (SEMITONES_PER_OCTAVE * np.log2(track[both]) for track in (spoken_hz, recorded_hz))
    enough = both.sum() >= 2
    return Score(
        {
            "log_f0": float(np.sqrt(np.square(spoken - recorded).mean())) if enough else math.nan,
            "log_f0_correlation": _correlation(spoken, recorded) if enough else math.nan,
            "log_f0_voicing_error": float((voiced[0] != voiced[1]).mean()),
        }
    )


def _correlation(first: Float[np.ndarray, "frames"], second: Float[np.ndarray, "frames"]) -> float:
    """Pearson's; NaN where one of the two is constant."""
    spread = first.std() * second.std()
    return float(((first - first.mean()) * (second - second.mean())).mean() / spread) if spread > 1e-9 else math.nan
