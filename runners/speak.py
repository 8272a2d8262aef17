"""Speak with a voice that a cell adapted: a sentence, a file of lines, or lines from a pipe."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from runners.cli.arguments import argument, help_text, parse_arguments
from runners.cli.entry_point import told_in_one_line

EXAMPLE = 'python runners/speak.py run=runs/demo/<cell> speaker=040 text="Hello, you." out=hello.wav'


@dataclass
class SpeakArguments:
    """What to say, with which voice, and where to write it."""

    run: str = argument("the folder of a finished cell")
    speaker: str = argument("the voice, a new speaker of the cell")
    out: str = argument("the audio file to write; for several lines a folder, which gets 0001.wav, 0002.wav, ...")
    text: str | None = argument("the sentence; without text and file, lines are read from standard input", None)
    file: str | None = argument("a text file, one sentence a line", None)
    noise_scale: float = argument("spread of the latent around its mean", 0.667)
    length_scale: float = argument("above 1 slower, below 1 faster", 1.0)
    seed: int = argument("what the noise is drawn with", 0)
    batch_size: int = argument("sentences spoken at a time", 16)
    device: str = argument("auto, cpu or cuda", "auto")


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        print(help_text(__doc__ or "", EXAMPLE, SpeakArguments))
        return
    with told_in_one_line():
        from runners.inference.speaking import speak_to_files

        for path in speak_to_files(parse_arguments(SpeakArguments, sys.argv[1:])):
            print(path)


if __name__ == "__main__":
    main()
