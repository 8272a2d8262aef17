"""MCD: how far is the spectral envelope from the recording's?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from metrics.acoustics import Pair, mel_cepstra, score_pairs, warped
from metrics.judges.judge import Judges
from metrics.metric import KnownVoices, Metric, Score, Scorer
from vits.common.registry import register

DB_PER_NEPER_OF_COEFFICIENT = 10 / np.log(10)


@register("metrics", "mcd")
@dataclass(frozen=True)
class MelCepstralDistortion(Metric):
    """Mel-cepstral distortion between an utterance and the real recording of its sentence, lower is better.

    In dB, 0 and up: 10 / ln 10 * sqrt(2 * sum of squared differences of the coefficients 1 to 13), which is the root
    mean square distance of two smoothed log spectra, averaged over the frames that dynamic time warping puts
    together. c_0 is left out, so a gain costs nothing; neither does a constant tempo. The coefficients are of
    a mel filter bank at 16 kHz: values compare within this project, not with those of another analysis. NaN where
    there is no recording, or no sound in one of the two.

    Kubichek 1993, "Mel-cepstral distance measure for objective speech quality assessment"; with warping and 13
    coefficients of a filter bank as in Skerry-Ryan et al. 2018, https://arxiv.org/abs/1803.09047, section 4.
    """

    name: ClassVar[str] = "mcd"
    unit: ClassVar[str] = "dB"
    higher_is_better: ClassVar[bool] = False
    needs_recording: ClassVar[bool] = True
    range: ClassVar[tuple[float, float]] = (0.0, math.inf)
    margin: ClassVar[float] = 0.3

    def prepare(self, known: KnownVoices, judges: Judges) -> Scorer:
        def score(pair: Pair) -> Score:
            spoken, recorded = mel_cepstra(pair.spoken), mel_cepstra(pair.recorded)
            ours, theirs = warped(spoken, recorded)
            return Score({self.name: float(distortion_db(spoken[ours], recorded[theirs]).mean())})

        return lambda batch: score_pairs(batch, score, self.undefined())


def distortion_db(
    spoken: Float[np.ndarray, "frames coefficients"], recorded: Float[np.ndarray, "frames coefficients"]
) -> Float[np.ndarray, "frames"]:
    """The distortion of each pair of frames (Kubichek 1993, equation 1)."""
    return DB_PER_NEPER_OF_COEFFICIENT * np.sqrt(2 * np.square(spoken - recorded).sum(axis=1))
