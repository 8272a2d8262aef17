"""Compare the cells of an experiment: a page to read and listen to, Markdown, and tables."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from runners.cli.arguments import argument, help_text, parse_arguments
from runners.cli.entry_point import told_in_one_line

EXAMPLE = "python runners/report.py experiment=demo"


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


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        print(help_text(__doc__ or "", EXAMPLE, ReportArguments))
        return
    with told_in_one_line():
        from runners.config.options import register_options
        from runners.reporting.settings import ReportSettings
        from runners.reporting.writing import report

        register_options()
        # as at the end of a sweep, report.publish=wandb is understood too
        arguments = asdict(parse_arguments(ReportArguments, [text.removeprefix("report.") for text in sys.argv[1:]]))
        experiment = Path(arguments.pop("results")) / arguments.pop("experiment")
        for place in report(experiment, ReportSettings(**arguments)):
            print(place)


if __name__ == "__main__":
    main()
