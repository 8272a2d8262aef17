"""Stop when validation has become no better for a while."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from strategies.stop.stop import Stop
from vits.common.bounds import AtLeast, AtMost, check_fields
from vits.common.registry import register


@register("stop", "patience")
@dataclass(frozen=True)
class Patience(Stop):
    """Training stops when none of the last `evaluations` stages was better than the best before by more than `gain`.

    How good a stage is is what `evaluation.selection` goes by, similarity less errors, so that `gain` is a difference
    of that; stages that couldn't be judged don't count. Evaluations become rarer as training goes on, unless
    `eval_every` says otherwise. Only validation sentences are asked: systems are compared on others, so that what a
    report says of them is as sure as without it. Which stage is kept is decided as ever. Stopped trainings leave no
    state behind for longer ones. Prechelt, Early Stopping - But When?, 1998, section 2 (the third class of criteria).
    """

    evaluations: Annotated[int, AtLeast(1), AtMost(1000)] = 2
    gain: Annotated[float, AtLeast(0), AtMost(1)] = 0.0

    def __post_init__(self) -> None:
        check_fields(self, "stop")

    def is_over(self, merits: Mapping[int, float]) -> bool:
        judged = [merits[step] for step in sorted(merits) if merits[step] > -math.inf]
        before, last = judged[: -self.evaluations], judged[-self.evaluations :]
        return bool(before) and max(last) <= max(before) + self.gain
