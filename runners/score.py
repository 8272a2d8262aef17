"""Score audio of another system as the cells of an experiment are scored, and put it into that experiment's report."""

from __future__ import annotations

import sys

from runners.cli.arguments import help_text, parse_arguments, show_help
from runners.cli.entry_point import told_in_one_line
from runners.cli.score_arguments import ScoreArguments

EXAMPLE = """\
python runners/score.py audio=their_speech voices=assets/demo_voices name=their_system experiment=demo

  It is compared with the cells on the sentences that both speak in the same voice; python runners/report.py
  lists them: <experiment>/<cell>/texts.csv holds every sentence, those of the splits `test` and `texts` count."""


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        show_help(help_text(__doc__ or "", EXAMPLE, ScoreArguments))
        return
    with told_in_one_line():
        arguments = parse_arguments(ScoreArguments, sys.argv[1:])
        from runners.config.registration import register_options
        from runners.scoring.score_run import run_score

        register_options()
        run_score(arguments)


if __name__ == "__main__":
    main()
