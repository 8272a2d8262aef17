"""A folder of results that can be computed again, found by the content they came from."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vits.common.errors import InputError

OLD_S = 60.0
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


def copy_atomically(source: Path, target: Path) -> None:
    """Copy a file so that other processes see the copy either whole or not at all.

    Raises:
        InputError: the folder can't be written to, or the file can't be read.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _taking_the_place_of(target) as unfinished:
            shutil.copyfile(source, unfinished)
    except OSError as error:
        raise InputError(f"can't copy {source} to {target.parent} ({error.strerror}); make room there") from error


def is_leftover(path: Path) -> bool:
    """Whether it is what a process left behind that ended while it wrote a file atomically."""
    return _UNFINISHED.fullmatch(path.name) is not None


def remove_leftovers(folder: Path) -> None:
    """Remove what processes left behind that ended while writing into a folder that nobody else writes to now."""
    for path in folder.glob(".*"):
        if is_leftover(path):
            path.unlink(missing_ok=True)


def remove_old_leftovers(cache: Path) -> None:
    """The same for a cache, where other processes may be writing: what nobody has written to for a minute."""
    for path in (found for pattern in ("*/.*", "*/*/.*") for found in cache.glob(pattern)):
        if is_leftover(path):
            with suppress(OSError):  # somebody else removed it, or only others may
                if time.time() - path.stat().st_mtime > OLD_S:
                    path.unlink()


def _write_beside(path: Path, content: bytes) -> None:
    with _taking_the_place_of(path) as unfinished, unfinished.open("xb") as file:
        file.write(content)


@contextmanager
def _taking_the_place_of(path: Path) -> Iterator[Path]:
    """The name of a file beside `path` that is written in the block, and takes its place once it is whole."""
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
