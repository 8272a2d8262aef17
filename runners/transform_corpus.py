"""Make more speakers of a corpus's recordings, by moving pitch and formants, or go on where it stopped."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from runners.cli.arguments import argument, help_text, parse_arguments, show_help
from runners.cli.entry_point import told_in_one_line
from vits.common.quantities import Seed, Several

EXAMPLE = "python runners/transform_corpus.py root=my_corpus split=base voices=5 utterances=10 seed=1 out=more_voices"


@dataclass
class TransformCorpusArguments:
    """Of which recordings how many speakers are made, and where they go."""

    root: str = argument("a corpus folder with metadata.csv")
    out: str = argument("the folder for the recordings and metadata.csv; what it holds of these already is kept")
    split: str = argument("the split whose recordings are changed", "train")
    voices: Several = argument("new voices of each speaker, every fifth by the vocoder WORLD", 5)
    utterances: Several = argument("sentences of each new voice, drawn from its speaker's", 10)
    seed: Seed = argument("of the factors and the sentences", 1)


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
