"""Which process it is that works on something, and whether it can be seen to have ended."""

from __future__ import annotations

import os
import socket
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vits.common.names import shown

_PROC = Path("/proc")


@dataclass(frozen=True)
class RunningProcess:
    """A process among all of all machines.

    `machine` and `namespace` say within what `pid` is a process's number, `boot` since when the machine runs, and
    `started` tells a process from a later one of the same number; each is empty where the system doesn't say.
    """

    host: str
    machine: str
    boot: str
    namespace: str
    pid: int
    started: str

    @classmethod
    def this(cls) -> RunningProcess:
        """The one that asks."""
        pid = os.getpid()
        return cls(socket.gethostname(), _machine(), _boot(), _namespace(), pid, _started(pid))

    @classmethod
    def read(cls, values: Any) -> RunningProcess | None:
        """What `as_json` gave; None if it is something else."""
        if not isinstance(values, dict):
            return None
        kept = {name: values.get(name) for name in cls.__dataclass_fields__}
        pid = kept.pop("pid")
        if not isinstance(pid, int) or not all(isinstance(value, str) for value in kept.values()):
            return None
        return cls(pid=pid, **kept)  # pyright: ignore[reportArgumentType]

    def as_json(self) -> dict[str, Any]:
        """Its parts as JSON holds them."""
        return asdict(self)

    def has_ended(self) -> bool | None:
        """Whether it has, as seen from this process; None where that can't be seen, as on another machine."""
        here = RunningProcess.this()
        if (self.host, self.machine) != (here.host, here.machine):
            return None
        if self.boot != here.boot:
            return True
        if self.namespace != here.namespace:
            return None
        return not _runs(self.pid) or self.started != _started(self.pid)

    def __str__(self) -> str:
        return f"process {self.pid} on {shown(self.host, quoted=False)}"


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        return True
    return not _is_zombie(pid)


def _machine() -> str:
    return _content(Path("/etc/machine-id")) or f"{uuid.getnode():012x}"


def _boot() -> str:
    return _content(_PROC / "sys/kernel/random/boot_id")


def _namespace() -> str:
    try:
        return str((_PROC / "self/ns/pid").readlink())
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When a process started, in the machine's ticks since its start."""
    fields = _status(pid)
    return fields[19] if len(fields) > 19 else ""


def _is_zombie(pid: int) -> bool:
    """Whether it has ended, and nobody has asked for its exit status yet."""
    return _status(pid)[:1] in (["Z"], ["X"])


def _status(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat behind the name, which may hold anything."""
    return _content(_PROC / str(pid) / "stat").rpartition(")")[2].split()


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
