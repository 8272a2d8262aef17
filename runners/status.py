"""Tell how far an experiment is: which cells are done, running (where, how long still), waiting or failed, and why."""

from __future__ import annotations

import sys
from pathlib import Path

from runners.cli.arguments import help_text, parse_arguments, show_help
from runners.cli.entry_point import told_in_one_line
from runners.cli.experiment_arguments import ExperimentArguments

EXAMPLE = "python runners/status.py experiment=demo"


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        show_help(help_text(__doc__ or "", EXAMPLE, ExperimentArguments))
        return
    with told_in_one_line():
        arguments = parse_arguments(ExperimentArguments, sys.argv[1:])
        from runners.results.experiment_status import experiment_status, status_lines

        print("\n".join(status_lines(experiment_status(Path(arguments.results) / arguments.experiment))))


if __name__ == "__main__":
    main()
