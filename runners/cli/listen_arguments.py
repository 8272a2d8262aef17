"""What a listening test asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from runners.cli.arguments import argument
from runners.cli.experiment_arguments import ExperimentArguments
from vits.common.bounds import AtLeast, AtMost, check_fields
from vits.common.quantities import Seed


@dataclass
class ListenArguments(ExperimentArguments):
    """Which experiment is listened to, and how much of it."""

    systems: Annotated[int, AtLeast(1), AtMost(12)] = argument("how many systems, the best of the ranking", 4)
    sentences: Annotated[int, AtLeast(1), AtMost(100)] = argument("how many test sentences, the voices in turn", 10)
    raters: Annotated[int, AtLeast(1), AtMost(1000)] = argument("how many listeners the test is balanced over", 12)
    seed: Seed = argument("what the order is drawn with", 0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fields(self, "listen")
