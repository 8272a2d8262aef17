"""Make a corpus of recordings: cut at pauses, levelled, transcribed, with all that didn't fit left out and told."""

from __future__ import annotations

import sys

from runners.cli.arguments import help_text, parse_arguments, show_help
from runners.cli.entry_point import told_in_one_line
from runners.cli.prepare_arguments import PrepareArguments

EXAMPLE = """\
python runners/prepare.py audio=recordings out=my_voices            # recordings/anna/*.mp3, recordings/ben/*.wav
python runners/prepare.py audio=interview.mp3 speaker=anna out=my_voices

  A transcript beside a recording (interview.srt, .vtt, .TextGrid, .lab or .txt) is used instead of Whisper.
  Needs pip install 'voicegrid[prepare]'."""


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        show_help(help_text(__doc__ or "", EXAMPLE, PrepareArguments))
        return
    with told_in_one_line():
        arguments = parse_arguments(PrepareArguments, sys.argv[1:])
        from runners.preparing.preparation import prepare_corpus

        prepare_corpus(arguments)


if __name__ == "__main__":
    main()
