"""Make more speakers of a corpus's recordings, by moving pitch and formants, or go on where it stopped."""

from __future__ import annotations

import sys

from runners.cli.arguments import help_text, parse_arguments, show_help
from runners.cli.corpus_arguments import TransformCorpusArguments
from runners.cli.entry_point import told_in_one_line

EXAMPLE = "python runners/transform_corpus.py root=my_corpus split=base voices=5 utterances=10 seed=1 out=more_voices"


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        show_help(help_text(__doc__ or "", EXAMPLE, TransformCorpusArguments))
        return
    with told_in_one_line():
        arguments = parse_arguments(TransformCorpusArguments, sys.argv[1:])
        from runners.corpus_making.transforming import transform_corpus

        transform_corpus(arguments)


if __name__ == "__main__":
    main()
