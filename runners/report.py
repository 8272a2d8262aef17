"""Compare the cells of an experiment: the answer, and a page to read and listen to, Markdown, and tables."""

from __future__ import annotations

import sys
from pathlib import Path

from runners.cli.arguments import help_text, parse_arguments, show_help
from runners.cli.entry_point import told_in_one_line
from runners.cli.experiment_arguments import ExperimentArguments
from runners.cli.report_arguments import SETTINGS

EXAMPLE = "python runners/report.py experiment=demo"


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        show_help(help_text(__doc__ or "", EXAMPLE, ExperimentArguments) + SETTINGS)
        return
    with told_in_one_line():
        from runners.config.registration import register_report
        from runners.config.report_settings import report_settings
        from runners.reporting.writing import report

        register_report()
        # as at the end of a sweep, report.publish=wandb is understood too
        texts = [text.removeprefix("report.") for text in sys.argv[1:]]
        where = [text for text in texts if text.startswith(("experiment=", "results="))]
        arguments = parse_arguments(ExperimentArguments, where)
        settings = report_settings([text for text in texts if text not in where])
        written = report(Path(arguments.results) / arguments.experiment, settings)
        print("\n".join([*written.answer, *written.places]))


if __name__ == "__main__":
    main()
