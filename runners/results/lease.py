"""A folder that one process at a time works in: who holds it stands in a file beside it.

The file is made exclusively, which succeeds for one process alone, also on file systems that machines share. Its holder
touches it every few seconds. A holder that can be seen to have ended (its process is gone, or its machine was
started anew) has lost it at once; one on another machine when it hasn't touched the file for a minute. A holder
that was only thought dead, because its machine was asleep, finds before its next write that it holds nothing more.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from runners.results.running_process import RunningProcess
from vits.common.errors import BrokenOffError, InputError

FOLDER = ".running"
BEAT_S = 10.0
STALE_S = 60.0
ATTEMPTS = 20


class LostLeaseError(BrokenOffError):
    """Another process has taken over the folder."""


class Lease:
    """The right to write into `folder`. `take` it, and leave it by ending a `with` block."""

    def __init__(self, folder: Path, *, beat_s: float = BEAT_S, stale_s: float = STALE_S) -> None:
        self.folder = folder
        self.path = folder.parent / FOLDER / f"{folder.name}.json"
        self._beat_s = beat_s
        self._stale_s = stale_s
        self._content = json.dumps({**RunningProcess.this().as_json(), "lease": uuid.uuid4().hex}).encode()
        self._ended = threading.Event()
        self._made: list[Path] = []

    def take(self) -> str | None:
        """Take the lease, or say who holds it.

        Raises:
            InputError: the folder can't be written to.
        """
        try:
            for _ in range(ATTEMPTS):
                if self._make():
                    threading.Thread(target=self._beat, daemon=True, name=f"lease of {self.folder.name}").start()
                    return None
                holder = self._holder()
                if holder is not None:
                    return holder
        except OSError as error:
            raise InputError(
                f"can't write to {self.path.parent} ({error.strerror}); choose another results=..."
            ) from None
        return "another process"  # which takes it and leaves it again and again

    def holder(self) -> str | None:
        """Who holds it, looked at without touching anything; on another machine, by this one's clock."""
        return self._seen(time.time)

    def wait_for_sign_of_life(self, again_s: float = 1.0) -> None:
        """Wait until its holder touches it once more, or has lost it.

        For who goes on, a moment later, with what a process on a lost machine was at: that lease looks held for a
        minute. It is asked by the clock that `take` asks, so that what ended the waiting is true for it, too.
        """
        seen = self._touched_ns()
        while self._seen(self._file_system_s) is not None and self._touched_ns() == seen:
            time.sleep(again_s)

    def check(self) -> None:
        """Look again whether it is still held.

        Raises:
            LostLeaseError: it isn't.
        """
        if _read(self.path) != self._content:
            raise LostLeaseError(
                f"{self.folder} was taken over by another process, as this one gave no sign of life for "
                f"{self._stale_s:.0f} s; it goes on there"
            )

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back, and leave no folder behind that was made for it alone."""
        self._ended.set()
        if _read(self.path) == self._content:
            self.path.unlink(missing_ok=True)
        for folder in self._made:
            try:
                folder.rmdir()
            except OSError:  # it holds something by now
                break

    def _make(self) -> bool:
        """Make the file, if there is none."""
        missing = [folder for folder in self.path.parents if not folder.exists()]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            if _is_no_folder(self.path.parent):
                raise
            return False  # its last holder removed it just now
        self._made = list(dict.fromkeys([self.path.parent, *self._made, *missing]))
        return _make_exclusively(self.path, self._content)

    def _seen(self, now_s: Callable[[], float]) -> str | None:
        """Who holds it by a clock; None if nobody does."""
        content = _read(self.path)
        return None if content is None else self._named(content, now_s)

    def _holder(self) -> str | None:
        """Who holds it; None if nobody does any more, whose file is then out of the way."""
        content = _read(self.path)
        if content is None:
            return None
        holder = self._named(content, self._file_system_s)
        if holder is None:
            self._put_away(content)
        return holder

    def _named(self, content: bytes, now_s: Callable[[], float]) -> str | None:
        """The process of a file's content; None if it has ended, or can't be seen and touched the file long ago."""
        process = _process(content)
        ended = process.has_ended() if process else None
        held = not ended if ended is not None else self._is_fresh(self.path, now_s)
        return str(process or "another process") if held else None

    def _is_fresh(self, path: Path, now_s: Callable[[], float]) -> bool:
        """Whether a file was touched lately, by a clock that is asked only then."""
        try:
            return now_s() - path.stat().st_mtime < self._stale_s
        except FileNotFoundError:
            return False

    def _touched_ns(self) -> int | None:
        try:
            return self.path.stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def _file_system_s(self) -> float:
        """The time by the clock of the file system, which is one for all machines."""
        probe = self.path.with_name(f".{uuid.uuid4().hex}")
        try:
            probe.touch()
            return probe.stat().st_mtime
        finally:
            probe.unlink(missing_ok=True)

    def _put_away(self, content: bytes) -> None:
        """Remove the file of a holder that has ended, unless another process is about to.

        Only who has made the claim on that holder may: of two that saw it, the slower would otherwise remove its
        successor's file. A claim is held for an instant; an old one is of a process that was ended at it.
        """
        claim = self.path.with_name(f".{hashlib.sha256(content).hexdigest()[:32]}")
        if not _make_exclusively(claim, b""):
            if not self._is_fresh(claim, self._file_system_s):
                claim.unlink(missing_ok=True)
            return
        try:
            if _read(self.path) == content and self._named(content, self._file_system_s) is None:
                self.path.unlink(missing_ok=True)
        finally:
            claim.unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._ended.wait(self._beat_s):
            if _read(self.path) != self._content:
                return
            try:
                os.utime(self.path)
            except OSError:  # the disk doesn't answer; the next beat may reach it
                continue


def _make_exclusively(path: Path, content: bytes) -> bool:
    """Make a file unless there is one; an empty one, as others may see it for a moment, is somebody's."""
    try:
        with path.open("xb") as file:
            file.write(content)
    except (FileExistsError, FileNotFoundError):  # the second: its last holder removed the folder just now
        return False
    return True


def _is_no_folder(path: Path) -> bool:
    """Whether something else has that name; looked at once, since folders here come and go."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    return not (stat.S_ISDIR(mode) or path.is_dir())  # the second for a link to a folder


def _process(content: bytes) -> RunningProcess | None:
    try:
        return RunningProcess.read(json.loads(content))
    except ValueError:
        return None


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
