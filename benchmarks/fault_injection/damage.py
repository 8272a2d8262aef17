"""What can happen to a file."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

Damage = Callable[[Path], object]


def flip(place: float) -> Damage:
    """Flip one bit, so far into the file."""

    def flipped(path: Path) -> None:
        content = bytearray(path.read_bytes())
        number = min(len(content) - 1, int(place * len(content)))
        content[number] ^= 1 << random.Random(place).randrange(8)
        path.write_bytes(content)

    return flipped


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _lose_the_last_line(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def _swap(path: Path) -> None:
    """Exchange two parts of the file."""
    content = path.read_bytes()
    half = len(content) // 2
    path.write_bytes(content[half:] + content[:half])


def _grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\xe9\n")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


DAMAGES: Mapping[str, Damage] = MappingProxyType(
    {
        "truncated": _truncate,
        "empty": lambda path: path.write_bytes(b""),
        "garbage": lambda path: path.write_bytes(random.Random(1).randbytes(5000)),
        "not UTF-8": _grow,
        "a folder": _folder,
        "missing": Path.unlink,
        "its halves exchanged": _swap,
        "nothing but zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
        "JSON of another shape": lambda path: path.write_text('[1, {"a": null}]', encoding="utf-8"),
        "a link to itself": _loop,
        "without its last line": _lose_the_last_line,
        "a named pipe": _pipe,
        "deep JSON": lambda path: path.write_text("[" * 100_000, encoding="utf-8"),
        "a link to nowhere": _dangling,
        "JSON's NaN": lambda path: path.write_text("NaN", encoding="utf-8"),
        "one blank": lambda path: path.write_text(" ", encoding="utf-8"),
    }
)
