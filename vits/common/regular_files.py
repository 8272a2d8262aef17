"""One way to open what somebody else may have put in a file's place."""

from __future__ import annotations

import errno
import io
import stat
from pathlib import Path


def open_regular(path: Path) -> io.BufferedReader:
    """A file to read; never waits for a pipe, nor reads a device without end.

    Raises:
        OSError: it can't be opened, or is a pipe or a device.
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device", str(path))
    return path.open("rb")
