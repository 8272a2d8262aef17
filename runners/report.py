"""Compare the cells of an experiment: a page to read and listen to, Markdown, and tables."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

from runners.cli.arguments import help_text, parse_arguments
from runners.cli.entry_point import told_in_one_line
from runners.cli.report_arguments import ReportArguments

EXAMPLE = "python runners/report.py experiment=demo"


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        print(help_text(__doc__ or "", EXAMPLE, ReportArguments))
        return
    with told_in_one_line():
        from runners.config.registration import register_options
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
