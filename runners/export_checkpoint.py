"""Write a base bundle's model in the reference's format (G_0.pth, D_0.pth, DUR_0.pth)."""

from __future__ import annotations

import sys

from runners.cli.arguments import help_text, parse_arguments, show_help
from runners.cli.checkpoint_arguments import ExportCheckpointArguments
from runners.cli.entry_point import told_in_one_line

EXAMPLE = "python runners/export_checkpoint.py base=my_base out=checkpoints"


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        show_help(help_text(__doc__ or "", EXAMPLE, ExportCheckpointArguments))
        return
    with told_in_one_line():
        arguments = parse_arguments(ExportCheckpointArguments, sys.argv[1:])
        from runners.checkpoints.exporting import export_bundle

        for path in export_bundle(arguments):
            print(path)


if __name__ == "__main__":
    main()
