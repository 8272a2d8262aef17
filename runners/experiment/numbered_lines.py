"""What several cells print at once, told apart by their numbers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import TextIOBase
from typing import Protocol, runtime_checkable


@runtime_checkable
class Written(Protocol):
    """Where lines can be written to."""

    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...


class NumberedLines(TextIOBase):
    """A text stream that passes whole lines on, each behind a cell's number, so that lines of two cells don't mix."""

    def __init__(self, stream: Written, number: int) -> None:
        super().__init__()
        self._stream = stream
        self._before = f"{number:>3} | "
        self._begun = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        *whole, self._begun = (self._begun + text).split("\n")
        if whole:
            self._stream.write("".join(f"{self._before}{line}\n" for line in whole))
            self._stream.flush()
        return len(text)

    def finish(self) -> None:
        """Pass on what was begun and not ended by a line's end."""
        if self._begun:
            self.write("\n")


@contextmanager
def numbered_lines(number: int) -> Iterator[None]:
    """Put a cell's number before every line that is printed within."""
    out, err = NumberedLines(sys.stdout, number), NumberedLines(sys.stderr, number)
    with redirect_stdout(out), redirect_stderr(err):  # pyright: ignore[reportArgumentType]
        try:
            yield
        finally:
            out.finish()
            err.finish()
