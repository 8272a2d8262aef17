"""Which experiment is meant."""

from __future__ import annotations

from dataclasses import dataclass

from runners.cli.arguments import argument
from vits.common.names import check_name


@dataclass
class ExperimentArguments:
    """Which experiment to look at; what asks for more extends it."""

    experiment: str = argument("the experiment's name: its cells are in <results>/<experiment>/")
    results: str = argument("where experiments are", "runs")

    def __post_init__(self) -> None:
        check_name(self.experiment, "experiment")
