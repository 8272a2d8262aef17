"""Say a recording again, word for word and at its own pace, in a voice that a cell adapted."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from runners.cli.arguments import argument, help_text, parse_arguments
from runners.cli.entry_point import told_in_one_line

EXAMPLE = "python runners/convert.py run=runs/demo/<cell> speaker=040 audio=mine.wav out=theirs.wav"


@dataclass
class ConvertArguments:
    """What to convert, into which voice, and where to write it."""

    run: str = argument("the folder of a finished cell")
    speaker: str = argument("the voice to hear, a new speaker of the cell")
    audio: str = argument("the recording, of any common format and rate")
    out: str = argument("the audio file to write")
    source: str | None = argument(
        "who speaks in it, a new speaker of the cell; else who of all sounds most alike", None
    )
    device: str = argument("auto, cpu or cuda", "auto")


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        print(help_text(__doc__ or "", EXAMPLE, ConvertArguments))
        return
    with told_in_one_line():
        arguments = parse_arguments(ConvertArguments, sys.argv[1:])
        from runners.inference.conversion import convert_file

        convert_file(arguments)


if __name__ == "__main__":
    main()
