"""Speak with a voice that a cell adapted: a sentence, a file of lines, or lines from a pipe."""

from __future__ import annotations

import sys

from runners.cli.arguments import help_text, parse_arguments, show_help
from runners.cli.entry_point import told_in_one_line
from runners.cli.inference_arguments import SpeakArguments

EXAMPLE = 'python runners/speak.py run=runs/demo/<cell> speaker=040 text="Hello, you." out=hello.wav'


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        show_help(help_text(__doc__ or "", EXAMPLE, SpeakArguments))
        return
    with told_in_one_line():
        from runners.inference.speaking import speak_to_files

        for path in speak_to_files(parse_arguments(SpeakArguments, sys.argv[1:])):
            print(path)


if __name__ == "__main__":
    main()
