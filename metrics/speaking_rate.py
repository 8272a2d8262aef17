"""Speaking rate: is it as fast as the recording?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from metrics.acoustics import Pair, score_pairs
from metrics.judges.judge import Judges
from metrics.metric import KnownVoices, Metric, Score, Scorer
from vits.common.registry import register


@register("metrics", "speaking_rate")
@dataclass(frozen=True)
class SpeakingRate(Metric):
    """How much faster or slower an utterance is than the recording of its sentence; lower is better.

    The absolute natural logarithm of `speaking_rate_ratio`, 0 and up: 0.1 is a tenth faster or slower, so that both
    directions cost the same and don't cancel. The ratio is the recording's duration over the utterance's, the silence
    around both cut off; 1 is alike, more is faster. NaN where there is no recording, or no sound in one of the two.
    """

    name: ClassVar[str] = "speaking_rate"
    unit: ClassVar[str] = "absolute log ratio"
    higher_is_better: ClassVar[bool] = False
    needs_recording: ClassVar[bool] = True
    range: ClassVar[tuple[float, float]] = (0.0, math.inf)
    components: ClassVar[tuple[str, ...]] = ("speaking_rate_ratio",)

    def prepare(self, known: KnownVoices, judges: Judges) -> Scorer:
        def score(pair: Pair) -> Score:
            ratio = pair.recorded.size / pair.spoken.size
            return Score({"speaking_rate": abs(math.log(ratio)), "speaking_rate_ratio": ratio})

        return lambda batch: score_pairs(batch, score, self.undefined())
