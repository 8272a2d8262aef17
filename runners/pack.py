"""Put one voice of a finished cell into one file, to be spoken with beside the base; or list a folder's packs."""

from __future__ import annotations

import sys

from runners.cli.arguments import help_text, parse_arguments, show_help
from runners.cli.entry_point import told_in_one_line
from runners.cli.pack_arguments import PackArguments

EXAMPLE = """\
python runners/pack.py run=runs/demo/<cell> speaker=040 out=anna.voice
python runners/speak.py pack=anna.voice text="Hello, you." out=hello.wav
python runners/pack.py list=voices/"""


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        show_help(help_text(__doc__ or "", EXAMPLE, PackArguments))
        return
    with told_in_one_line():
        arguments = parse_arguments(PackArguments, sys.argv[1:])
        from runners.packs.packing import run_pack

        run_pack(arguments)


if __name__ == "__main__":
    main()
