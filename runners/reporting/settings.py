"""What a report shows and how carefully it computes."""

from __future__ import annotations

from dataclasses import dataclass

from metrics.metric import Metric
from metrics.statistics import Scope
from vits.common.errors import InputError
from vits.common.registry import register, registered

NONE, WANDB = "none", "wandb"
PUBLISHERS = (NONE, WANDB)
SCOPES = {"voices like these": Scope.SPEAKERS_LIKE_THESE, "these voices": Scope.THESE_SPEAKERS}


@register("report", "page")
@dataclass(frozen=True)
class ReportSettings:
    """What a report shows.

    `rank_by` is the metric that orders the systems and `similarity` the one that is drawn against it; any two
    that were scored. `sentences` may be listened to in every system, as long as their audio fits into `audio_mb`
    megabytes. `resamples` of the test sentences give the intervals, which hold with probability `level`; `seed`
    draws the resamples. `verdicts_on` says of whom verdicts shall hold: of `voices like these`, or of `these voices`
    alone, which needs fewer of them and says nothing about any other. `publish` says where the report goes beside
    the experiment's folder: `none`, or `wandb`.
    """

    rank_by: str = "wer"
    similarity: str = "secs"
    sentences: int = 5
    audio_mb: float = 15.0
    resamples: int = 10_000
    level: float = 0.95
    seed: int = 0
    verdicts_on: str = "voices like these"
    publish: str = NONE

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The two metrics that the report is about.

        Raises:
            InputError: there is no such metric.
        """
        known = {metric.name: metric for metric in (cls() for cls in registered("metrics").values())}
        for setting in ("rank_by", "similarity"):
            name = getattr(self, setting)
            if name not in known:
                raise InputError(f"{setting}={name} is no metric; choose from {', '.join(sorted(known))}")
        return tuple(known[name] for name in dict.fromkeys((self.rank_by, self.similarity)))

    @property
    def scope(self) -> Scope:
        """Of whom verdicts hold."""
        return SCOPES[self.verdicts_on]

    def __post_init__(self) -> None:
        if self.sentences < 0:
            raise InputError(f"sentences={self.sentences} can't be listened to; give 0 or more")
        if self.audio_mb < 0:
            raise InputError(f"audio_mb={self.audio_mb} is no size; give 0 or more megabytes")
        if self.resamples < 100:
            raise InputError(f"resamples={self.resamples} are too few for an interval; give 100 or more")
        if self.verdicts_on not in SCOPES:
            raise InputError(f"verdicts_on={self.verdicts_on!r} is unknown; choose from {', '.join(SCOPES)}")
        if self.publish not in PUBLISHERS:
            raise InputError(f"publish={self.publish!r} is unknown; choose from {', '.join(PUBLISHERS)}")
        if not 0.5 <= self.level < 1:
            raise InputError(f"level={self.level} is no confidence; give 0.5 or more and less than 1, such as 0.95")
