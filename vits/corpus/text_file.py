"""Text files of one record a line, read so that errors can name the line."""

from __future__ import annotations

from pathlib import Path

from vits.common.errors import InputError


def numbered_lines(path: Path) -> list[tuple[int, str]]:
    """The lines that aren't blank, with their numbers from 1; a byte order mark and CRLF are accepted.

    Raises:
        InputError: the file is missing or isn't UTF-8.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path}; create it or correct the path")
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise InputError(f"{path}:{line}: not UTF-8; save the file as UTF-8") from error
    lines = enumerate(content.replace("\r\n", "\n").split("\n"), start=1)  # splitlines() would cut at U+2028
    return [(number, line) for number, line in lines if line.strip()]
