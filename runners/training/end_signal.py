"""A process that is told to end saves first: what a scheduler takes away it gives back later, and nothing is lost."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from vits.common.errors import ToldToEndError

ALWAYS = (signal.SIGTERM,)
IF_AWAITED = (signal.SIGUSR1, signal.SIGUSR2)
"""What schedulers' libraries ask for a checkpoint with, and await then (submitit: SIGUSR2)."""


class EndSignal:
    """Within a `with` block, a signal to end is held back until `check`; a second one acts at once.

    Only the main thread of a process hears signals; in another one, nothing is changed.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> EndSignal:
        if threading.current_thread() is threading.main_thread():
            awaited = [number for number in IF_AWAITED if callable(signal.getsignal(number))]
            self._before = {number: signal.signal(number, self._receive) for number in (*ALWAYS, *awaited)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()
        if self.received is not None and not isinstance(error, ToldToEndError):
            self._send_again(self.received)

    def check(self) -> None:
        """Where nothing is lost by ending: whoever awaited the signal gets it now, and may have it ignored.

        Raises:
            ToldToEndError: nobody awaited it.
        """
        if self.received is None:
            return
        handler = self._before[self.received]
        if not callable(handler):
            raise ToldToEndError(
                f"told to end ({self.received.name}); it is saved, and the same command goes on from there"
            )
        number, self.received = self.received, None
        handler(number, None)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.received is None:
            self.received = signal.Signals(number)
        else:
            self._restore()
            self._send_again(number)

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @staticmethod
    def _send_again(number: int) -> None:
        os.kill(os.getpid(), number)
