"""Say a recording again, word for word and at its own pace, in a voice that a cell adapted."""

from __future__ import annotations

import sys

from runners.cli.arguments import help_text, parse_arguments, show_help
from runners.cli.entry_point import told_in_one_line
from runners.cli.inference_arguments import ConvertArguments

EXAMPLE = "python runners/convert.py run=runs/demo/<cell> speaker=040 audio=mine.wav out=theirs.wav"


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        show_help(help_text(__doc__ or "", EXAMPLE, ConvertArguments))
        return
    with told_in_one_line():
        arguments = parse_arguments(ConvertArguments, sys.argv[1:])
        from runners.inference.conversion import convert_file

        convert_file(arguments)


if __name__ == "__main__":
    main()
