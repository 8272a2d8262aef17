"""Turn checkpoints of MB-iSTFT-VITS2, VITS, Transformers, coqui or Piper into a base bundle."""

from __future__ import annotations

import sys

from runners.cli.arguments import help_text, parse_arguments, show_help
from runners.cli.checkpoint_arguments import ImportCheckpointArguments
from runners.cli.entry_point import told_in_one_line

EXAMPLE = (
    "python runners/import_checkpoint.py G=G_9.pth D=D_9.pth DUR=DUR_9.pth config=c.json filelist=train.txt out=my_base"
)


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        show_help(help_text(__doc__ or "", EXAMPLE, ImportCheckpointArguments))
        return
    with told_in_one_line():
        arguments = parse_arguments(ImportCheckpointArguments, sys.argv[1:])
        from runners.checkpoints.importing import import_bundle

        import_bundle(arguments)


if __name__ == "__main__":
    main()
