"""Text files of one record a line, read so that errors can name the line."""

from __future__ import annotations

from pathlib import Path

from vits.common.readers import read_text


def numbered_lines(path: Path) -> list[tuple[int, str]]:
    """The lines that aren't blank, with their numbers from 1; a byte order mark and CRLF are accepted.

    Raises:
        InputError: the file can't be read or isn't UTF-8.
    """
    lines = enumerate(read_text(path).replace("\r\n", "\n").split("\n"), start=1)  # splitlines() would cut at U+2028
    return [(number, line) for number, line in lines if line.strip()]
