"""Turn the seed's checkpoints (G_*.pth, D_*.pth, DUR_*.pth) into a base bundle."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from runners.cli.arguments import argument, help_text, parse_arguments
from runners.cli.entry_point import told_in_one_line

EXAMPLE = "python runners/import_seed.py G=G_9.pth D=D_9.pth DUR=DUR_9.pth config=c.json filelist=train.txt out=my_base"


@dataclass
class ImportArguments:
    """The seed's files, and where the bundle goes."""

    G: str = argument("the generator's checkpoint")
    config: str = argument("the seed's JSON configuration, which the checkpoints were trained with")
    filelist: str = argument("the list that the generator was trained on; says which speaker rows were trained")
    out: str = argument("the folder of the bundle")
    D: str | None = argument("the multi-period discriminator's checkpoint; without it, new ones start from noise", None)
    DUR: str | None = argument("the duration discriminator's checkpoint; likewise", None)
    wavs: str | None = argument("the root of the list's recordings; without it, there are no voiceprints", None)
    transcripts: str | None = argument(
        "a table id<TAB>spelling of the list's recordings; lint.py then finds sentences that the base knows", None
    )
    optimizer: bool = argument("keep the generator's optimizer state (true or false)", False)


def main() -> None:
    if {"--help", "-h"} & set(sys.argv[1:]):
        print(help_text(__doc__ or "", EXAMPLE, ImportArguments))
        return
    with told_in_one_line():
        arguments = parse_arguments(ImportArguments, sys.argv[1:])
        from runners.checkpoints.importing import import_bundle

        import_bundle(arguments)


if __name__ == "__main__":
    main()
