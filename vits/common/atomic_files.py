"""A folder of results that can be computed again, found by the content they came from."""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Iterable
from pathlib import Path

from vits.common.errors import InputError

_UNFINISHED = re.compile(r"\..+\.[0-9a-f]{32}")


def default_cache_dir() -> Path:
    """`$VOICEGRID_CACHE`, or `voicegrid` in the user's cache folder."""
    chosen = os.environ.get("VOICEGRID_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "voicegrid"


def content_key(parts: Iterable[bytes]) -> str:
    """A name for the content; no other sequence of parts has it."""
    digest = hashlib.blake2b(digest_size=20)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))  # so that moving a byte to the next part changes the key
        digest.update(part)
    return digest.hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file that other processes see either whole or not at all.

    Raises:
        InputError: the folder can't be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_beside(path, content)
    except OSError as error:
        raise InputError(
            f"can't write to {path.parent} ({error.strerror}); make room or choose a writable folder "
            "(for the cache: VOICEGRID_CACHE)"
        ) from error


def is_leftover(path: Path) -> bool:
    """Whether it is what a process left behind that ended while it wrote a file atomically."""
    return _UNFINISHED.fullmatch(path.name) is not None


def remove_leftovers(folder: Path) -> None:
    """Remove what processes left behind that ended while writing into a folder that nobody else writes to now."""
    for path in folder.glob(".*"):
        if is_leftover(path):
            path.unlink(missing_ok=True)


def _write_beside(path: Path, content: bytes) -> None:
    """Write the content to a file of another name, which takes the place of `path` once it is whole."""
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with unfinished.open("xb") as file:
            file.write(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
