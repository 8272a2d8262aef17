"""Join corpora into one folder, without the voices that sound like those that a base shall not know."""

from __future__ import annotations

import sys

from runners.cli.arguments import help_text, parse_arguments, show_help
from runners.cli.corpus_arguments import JoinCorporaArguments
from runners.cli.entry_point import told_in_one_line

EXAMPLE = """\
python runners/join_corpora.py corpora=demo45:base,demo45:retention,more_voices:base \\
    apart_from=assets/demo_voices:train,held_out:enrol out=my_corpus"""


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        show_help(help_text(__doc__ or "", EXAMPLE, JoinCorporaArguments))
        return
    with told_in_one_line():
        arguments = parse_arguments(JoinCorporaArguments, sys.argv[1:])
        from runners.corpus_making.joining import join_corpora

        join_corpora(arguments)


if __name__ == "__main__":
    main()
