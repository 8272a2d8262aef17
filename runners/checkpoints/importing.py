"""From a checkpoint and its configuration, whosever they are, to a base bundle."""

from __future__ import annotations

from pathlib import Path

from runners.checkpoints.foreign_importing import import_foreign
from runners.checkpoints.reference_importing import import_reference
from runners.cli.checkpoint_arguments import ImportCheckpointArguments
from vits.bundle import check_replaceable
from vits.formats.foreign_files import foreign_files
from vits.formats.known_formats import FORMATS, format_of


def import_bundle(arguments: ImportCheckpointArguments) -> None:
    """Read the files, write the bundle, and say what is missing and what that costs.

    Raises:
        InputError: a file is missing, damaged or doesn't fit the others; nothing is written then.
    """
    check_replaceable(Path(arguments.out))
    files = foreign_files(Path(arguments.G), Path(arguments.config) if arguments.config else None)
    name = arguments.format or format_of(files)
    if name in FORMATS:
        import_foreign(arguments, files, name)
    else:
        import_reference(arguments, files)
