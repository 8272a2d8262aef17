"""Join corpora into one folder, without the voices that sound like those that a base shall not know."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from runners.cli.arguments import argument, help_text, parse_arguments, show_help
from runners.cli.entry_point import told_in_one_line
from vits.common.quantities import Cosine

EXAMPLE = """\
python runners/join_corpora.py corpora=demo45:base,demo45:retention,more_voices:base \\
    apart_from=assets/demo_voices:train,held_out:enrol out=my_corpus"""


@dataclass
class JoinCorporaArguments:
    """Which corpora become one, and which voices none of them may resemble."""

    corpora: str = argument("folder:split, ...; their speakers' names must differ")
    out: str = argument("the folder for the table and for links to the corpora")
    apart_from: str = argument("folder:split, ... with the voices to stay away from", "")
    similarity: Cosine = argument("cosine between mean ECAPA voiceprints from which voices are too much alike", 0.75)
    base: str = argument("a bundle whose rate the recordings are compared at", "assets/demo_base")


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
