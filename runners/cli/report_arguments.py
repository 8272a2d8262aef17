"""What a report on an experiment asks for."""

from __future__ import annotations

from dataclasses import dataclass

from runners.cli.arguments import argument


@dataclass
class ReportArguments:
    """Which experiment to report on, and how."""

    experiment: str = argument("the experiment's name: its cells are in <results>/<experiment>/")
    results: str = argument("where experiments are", "runs")
    rank_by: str = argument("the metric that orders the systems", "wer")
    similarity: str = argument("the metric that is drawn against it", "secs")
    sentences: int = argument("how many test sentences can be listened to in every system", 5)
    audio_mb: float = argument("how large their audio may be, in megabytes", 15.0)
    resamples: int = argument("how often the test sentences are drawn again for intervals", 10_000)
    level: float = argument("the level of confidence of intervals and verdicts", 0.95)
    seed: int = argument("what the resamples are drawn with", 0)
    verdicts_on: str = argument("whom verdicts are about: `voices like these` or `these voices`", "voices like these")
    publish: str = argument("where the report goes beside the experiment's folder: none or wandb", "none")
