"""Of which experiment the state is asked."""

from __future__ import annotations

from dataclasses import dataclass

from runners.cli.arguments import argument


@dataclass
class StatusArguments:
    """Which experiment to look at."""

    experiment: str = argument("the experiment's name: its cells are in <results>/<experiment>/")
    results: str = argument("where experiments are", "runs")
