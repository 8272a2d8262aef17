"""Files whose content is written down beside them, so that a changed one is refused by name."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from vits.common.atomic_files import write_atomically
from vits.common.errors import InputError
from vits.common.readers import read_json
from vits.common.regular_files import open_regular

MANIFEST = "checksums.json"


def checksum(path: Path, remedy: str = "restore it") -> str:
    """The SHA-256 of a file's content, as hexadecimal digits.

    Raises:
        InputError: it can't be read.
    """
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path} can't be read ({error.strerror}); {remedy}") from None


def checksums_of(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """The checksums of those of the named files that are there."""
    return {name: checksum(folder / name) for name in names if os.path.lexists(folder / name)}


def check_unchanged(folder: Path, known: Mapping[str, str], remedy: str) -> None:
    """Check that files are what they were when their checksums were written down.

    Raises:
        InputError: one isn't, or is missing; the message names it and ends in `remedy`.
    """
    for name, expected in known.items():
        path = folder / name
        if Path(name).name != name:
            raise InputError(f"{folder} has a checksum of {name!r}, which is no file in it; {remedy}")
        if not os.path.lexists(path):
            raise InputError(f"{path} is missing; {remedy}")
        if checksum(path, remedy) != expected:
            raise InputError(f"{path} was changed since it was written (its checksum is another); {remedy}")


def write_manifest(folder: Path, names: Iterable[str]) -> None:
    """Write down the checksums of those of the named files that are there, for `check_manifest`."""
    known = checksums_of(folder, sorted(names))
    write_atomically(folder / MANIFEST, (json.dumps(known, indent=1) + "\n").encode())


def check_all_listed(folder: Path, names: Iterable[str], remedy: str) -> None:
    """Check that a folder's manifest lists those of the named files that are there, so that none goes unchecked.

    Raises:
        InputError: there is no manifest, or it lacks one; the message ends in `remedy`.
    """
    path = folder / MANIFEST
    known = read_json(path, dict[str, str]) if os.path.lexists(path) else {}
    lacking = [name for name in names if os.path.lexists(folder / name) and name not in known]
    if lacking:
        raise InputError(
            f"{path} {'lacks' if known else 'is missing or empty, without'} the checksum of {lacking[0]}; {remedy}"
        )


def check_listed(path: Path, remedy: str) -> None:
    """Check a file that the manifest beside it lists; one that it doesn't list is taken as it is.

    Raises:
        InputError: it was changed or is missing, or the manifest is damaged.
    """
    if os.path.lexists(path.with_name(MANIFEST)):
        known = read_json(path.with_name(MANIFEST), dict[str, str])
        check_unchanged(path.parent, {name: known[name] for name in (path.name,) if name in known}, remedy)


def check_manifest(folder: Path, remedy: str) -> None:
    """Check those of the files that a folder's manifest lists that are there; without a manifest, nothing is known.

    Raises:
        InputError: one was changed, or the manifest is damaged.
    """
    if os.path.lexists(folder / MANIFEST):
        known = read_json(folder / MANIFEST, dict[str, str])
        present = {name: digest for name, digest in known.items() if os.path.lexists(folder / name)}
        check_unchanged(folder, present, remedy)
