"""What a report shows, and what it takes for good, equal and sure."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from metrics.metric import Metric
from vits.common.bounds import AtLeast, AtMost, Below, check_fields
from vits.common.errors import InputError
from vits.common.quantities import PositiveDifference
from vits.common.readers import check_readable
from vits.common.registry import register, registered

NONE, WANDB = "none", "wandb"
PUBLISHERS = (NONE, WANDB)
RETENTION_MARGIN, RETENTION_LOSS = "retention", 0.05  # what the base's voices may lose, by the aim's metric


@register("report", "page")
@dataclass(frozen=True)
class ReportSettings:
    """What a report recommends and shows.

    `aim` is the metric by which the recommended system shall be the best, among systems that aren't shown to miss a
    guard by more than its margin: `guards` are metrics, of which a system may not be worse than the best, and
    `retention`, by which the base's own voices may not lose more than so much of the aim; what wasn't scored guards
    nothing, but for a word error rate, in whose place another judge's stands, or one of letters where words aren't
    separated. `margins` are by how much systems may differ and be equal for all practical purposes, where it shall not
    be the metric's own. All statements of one kind hold together with probability `level`. `sentences` may be
    listened to in every system, as long as their audio fits into `audio_mb` megabytes. `publish` says where the
    report goes beside the experiment's folder: `none`, or `wandb`. `ratings` are files of answers to
    the listening test.
    """

    aim: str = "secs"
    guards: list[str] = field(default_factory=lambda: ["wer", RETENTION_MARGIN, "distillmos"])
    margins: dict[str, PositiveDifference] = field(default_factory=dict)
    level: Annotated[float, AtLeast(0.5), Below(1)] = 0.95
    sentences: Annotated[int, AtLeast(0)] = 5
    audio_mb: Annotated[float, AtLeast(0), AtMost(1000)] = 15.0
    publish: str = NONE
    ratings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        check_fields(self, "report")
        if self.publish not in PUBLISHERS:
            raise InputError(f"report.publish={self.publish!r} is unknown; choose from {', '.join(PUBLISHERS)}")

    @property
    def alpha(self) -> float:
        """The chance of error that all statements of a kind share."""
        return 1 - self.level

    def check(self) -> None:
        """Refuse names that no metric has, and answers that aren't there; for whoever is about to spend hours before
        the first report.

        Raises:
            InputError: there is no such metric, or no such file.
        """
        for answers in self.ratings:
            check_readable(Path(answers))
        known = _metrics()
        for name in (self.aim, *self.guards, *self.margins):
            if name not in known and not (name == RETENTION_MARGIN and name != self.aim):
                choices = ", ".join(sorted(known))
                raise InputError(f"the report names {name!r}, which is no metric; choose from {choices}")

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The aim and the guards, as far as they are metrics."""
        known = _metrics()
        return tuple(known[name]() for name in (self.aim, *self.guards) if name in known)

    def margin(self, name: str) -> float:
        """By how much systems may differ in a metric and be equal for all practical purposes."""
        own = {RETENTION_MARGIN: RETENTION_LOSS, **{metric: cls.margin for metric, cls in _metrics().items()}}
        return self.margins.get(name, own[name])


def _metrics() -> dict[str, type[Metric]]:
    """The registered metrics by the names of their values."""
    return {cls.name: cls for cls in registered("metrics").values()}
