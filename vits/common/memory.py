"""Memory that can't be had, whoever asked for it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from vits.common.errors import BrokenOffError

_SIGNS = ("can't allocate memory", "not enough memory", "out of memory", "_ALLOC_FAILED", "Cannot allocate memory")


class NoMemoryError(BrokenOffError):
    """There is not enough memory; the message says what to make smaller."""


def is_short_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out: Python's own, PyTorch's on any device, or the system's."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _SIGNS)


@contextmanager
def memory_is_told(remedy: str) -> Iterator[None]:
    """Tell in one line that memory ran out; `remedy` says what to make smaller.

    Raises:
        NoMemoryError: it ran out.
    """
    try:
        yield
    except (MemoryError, OSError, RuntimeError) as error:
        if isinstance(error, BrokenOffError) or not is_short_of_memory(error):
            raise
        raise NoMemoryError(f"there is not enough memory; {remedy}") from error
