"""Make a corpus of synthetic English voices with Kokoro-82M, or go on where it stopped."""

from __future__ import annotations

import sys

from runners.cli.arguments import help_text, parse_arguments, show_help
from runners.cli.corpus_arguments import MakeCorpusArguments
from runners.cli.entry_point import told_in_one_line

EXAMPLE = """\
python runners/make_corpus.py sentences=lines.txt voices=af_heart,bm_lewis,af_sky+am_onyx out=my_corpus

  The demo voices again:

  python runners/make_corpus.py sentences=assets/demo_voices/sentences.txt splits=train:60,val:10,test:40 \\
    out=demo_voices voices=040:af_bella,041:am_michael,042:bf_isabella,043:bm_george,044:am_fenrir"""


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        show_help(help_text(__doc__ or "", EXAMPLE, MakeCorpusArguments))
        return
    with told_in_one_line():
        arguments = parse_arguments(MakeCorpusArguments, sys.argv[1:])
        from runners.corpus_making.corpus_writing import make_corpus

        make_corpus(arguments)


if __name__ == "__main__":
    main()
