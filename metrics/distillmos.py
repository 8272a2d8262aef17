"""DistillMOS: does it sound good?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from metrics.judges.distillmos_judge import DistillMosJudge
from metrics.judges.judge import Judges
from metrics.judges.judge_weights import Weights, find_weights
from metrics.metric import KnownVoices, Metric, Score, Scorer, Utterance, score_sound
from vits.common.registry import register


@register("metrics", "distillmos")
@dataclass(frozen=True)
class DistillMos(Metric):
    """Mean opinion score of listeners, guessed by DistillMOS; in [1, 5], higher is better.

    It knows neither the text nor the speaker, only 16 kHz audio. Trained on telephone, codec, noise and synthesis
    degradations, distilled from a model on XLS-R. Clean read speech reaches about 4.5. NaN for an utterance without
    sound.

    Stahl and Gamper 2025, https://arxiv.org/abs/2502.05356.
    """

    name: ClassVar[str] = "distillmos"
    unit: ClassVar[str] = "opinion score from 1 to 5"
    higher_is_better: ClassVar[bool] = True
    range: ClassVar[tuple[float, float]] = (1.0, 5.0)
    margin: ClassVar[float] = 0.1
    judge: ClassVar[str | None] = "distillmos-v7"

    model: str = "v7"

    def __post_init__(self) -> None:
        find_weights("distillmos", self.model)

    @property
    def weights(self) -> tuple[Weights, ...]:
        return (find_weights("distillmos", self.model),)

    def prepare(self, known: KnownVoices, judges: Judges) -> Scorer:
        judge = judges.get(DistillMosJudge, self.model)

        def score(batch: Sequence[Utterance]) -> list[Score]:
            return [Score({self.name: opinion}) for opinion in judge([utterance.wave_16k for utterance in batch])]

        return lambda batch: score_sound(batch, score, self.undefined())
