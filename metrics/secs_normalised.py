"""SECS between what a wrong voice and what the right one reaches."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from metrics.judges.judge import Judges
from metrics.judges.judge_weights import Weights
from metrics.metric import KnownVoices, Metric, Score, Scorer, Utterance
from metrics.reference import enrolment_bounds, normalised_secs
from metrics.secs import Secs, SpeakerSimilarity, require_enrolled
from metrics.secs_ge2e import SecsGe2e
from vits.common.registry import register


@dataclass(frozen=True)
class NormalisedSimilarity(Metric):
    """SECS on a scale where 0 is a wrong voice and 1 another recording of the right one; higher is better.

    (SECS - floor) / (ceiling - floor), floor and ceiling of each voice from its enrolment (see `enrolment_bounds`).
    Unbounded: below 0 it is less alike than strangers are, and above 1 it is nearer to the speaker's mean than the
    speaker's own clips are, as an averaged voice can be. What SECS means differs between judges, corpora and voices;
    this compares. NaN where an utterance holds no sound, where a voice has fewer than two enrolment clips, and where
    there is no second voice.
    """

    unit: ClassVar[str] = "share of the way from other speakers to the speaker"
    margin: ClassVar[float] = 0.03
    higher_is_better: ClassVar[bool] = True

    encoder: str

    def __post_init__(self) -> None:
        self.similarity()

    @abstractmethod
    def similarity(self) -> SpeakerSimilarity:
        """The SECS that it normalises."""

    @property
    def weights(self) -> tuple[Weights, ...]:
        return self.similarity().weights

    def prepare(self, known: KnownVoices, judges: Judges) -> Scorer:
        secs = self.similarity()
        bounds = enrolment_bounds({name: secs.voiceprints(clips, judges) for name, clips in known.enrolment.items()})
        scorer = secs.prepare(known, judges)

        def score(batch: Sequence[Utterance]) -> list[Score]:
            require_enrolled(batch, bounds)
            return [
                Score({self.name: normalised_secs(raw.values[secs.name], bounds[utterance.speaker])})
                for utterance, raw in zip(batch, scorer(batch), strict=True)
            ]

        return score


@register("metrics", "secs_normalised")
@dataclass(frozen=True)
class SecsNormalised(NormalisedSimilarity):
    """Normalised SECS by ECAPA: 0 is a wrong voice and 1 another recording of the right one; higher is better.

    See `NormalisedSimilarity`.
    """

    name: ClassVar[str] = "secs_normalised"
    judge: ClassVar[str | None] = Secs.judge
    version: ClassVar[int] = Secs.version

    encoder: str = "voxceleb"

    def similarity(self) -> SpeakerSimilarity:
        return Secs(self.encoder)


@register("metrics", "secs_ge2e_normalised")
@dataclass(frozen=True)
class SecsGe2eNormalised(NormalisedSimilarity):
    """Normalised SECS by GE2E: 0 is a wrong voice and 1 another recording of the right one; higher is better.

    See `NormalisedSimilarity`.
    """

    name: ClassVar[str] = "secs_ge2e_normalised"
    judge: ClassVar[str | None] = SecsGe2e.judge
    version: ClassVar[int] = SecsGe2e.version

    encoder: str = "resemblyzer"

    def similarity(self) -> SpeakerSimilarity:
        return SecsGe2e(self.encoder)
