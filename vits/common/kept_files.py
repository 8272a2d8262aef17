"""Files of a cache that carry a checksum: what doesn't match is as good as not there, and is computed again."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

from vits.common.atomic_files import write_atomically
from vits.common.regular_files import open_regular
from vits.common.shapes import mismatch

_MARK = b"\ncrc32="
_END = len(_MARK) + 8


def keep(path: Path, content: bytes) -> None:
    """Write what was computed, and its checksum after it.

    CRC-32 sees every damage of up to 32 bits in a row, and any other but for one in 4e9; it takes 0.8 ms a megabyte.

    Where somebody put a folder in its place, nothing is kept.

    Raises:
        InputError: the folder can't be written to.
    """
    if path.is_dir():
        return
    write_atomically(path, content + _MARK + _checksum(content))


def kept(path: Path) -> bytes | None:
    """What was kept; None where there is nothing, or where it is damaged or can't be read."""
    try:
        with open_regular(path) as file:
            stored = file.read()
    except OSError:
        return None
    content, mark, checksum = stored[:-_END], stored[-_END:-8], stored[-8:]
    return content if mark == _MARK and checksum == _checksum(content) else None


def keep_json(path: Path, value: Any) -> None:
    """Write a value of JSON, and its checksum after it."""
    keep(path, json.dumps(value, ensure_ascii=False).encode())


def kept_json(path: Path, shape: Any) -> Any:
    """The value that was kept; None where there is none, or where it is damaged or of another shape."""
    content = kept(path)
    if content is None:
        return None
    try:
        value = json.loads(content)
    except ValueError:
        return None
    return value if mismatch(value, shape) is None else None


def _checksum(content: bytes) -> bytes:
    return f"{zlib.crc32(content):08x}".encode()
