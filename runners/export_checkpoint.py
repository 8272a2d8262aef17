"""Write a base bundle's model in the seed's format (G_0.pth, D_0.pth, DUR_0.pth)."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from runners.cli.arguments import argument, help_text, parse_arguments
from runners.cli.entry_point import told_in_one_line

EXAMPLE = "python runners/export_seed.py base=my_base out=checkpoints"


@dataclass
class ExportSeedArguments:
    """Which bundle, and where its files go."""

    base: str = argument("the folder of the bundle")
    out: str = argument("the folder of the checkpoints")


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        print(help_text(__doc__ or "", EXAMPLE, ExportSeedArguments))
        return
    with told_in_one_line():
        arguments = parse_arguments(ExportSeedArguments, sys.argv[1:])
        from runners.checkpoints.exporting import export_bundle

        for path in export_bundle(arguments):
            print(path)


if __name__ == "__main__":
    main()
