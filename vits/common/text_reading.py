"""Text files, read whole: what is wrong with one is said in one line."""

from __future__ import annotations

from pathlib import Path

from vits.common.errors import InputError


def read_utf8(path: Path, *, most_bytes: int, remedy: str) -> str:
    """The text of a UTF-8 file, with or without a byte order mark.

    Raises:
        InputError: the file is missing, is a folder, may not be read, is larger, or isn't UTF-8; the message ends in
            `remedy`.
    """
    try:
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise InputError(f"{path} can't be read ({error.strerror}); {remedy}") from None
    if len(content) > most_bytes:
        raise InputError(f"{path} is larger than {most_bytes:,} bytes; {remedy}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"{path}:{line}: not UTF-8; {remedy}") from None
