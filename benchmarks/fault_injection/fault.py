"""What is injected, and how it should end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from fault_injection.place import Place
from fault_injection.process import Command, Ended


class End(Enum):
    """How a command may end."""

    BAD_INPUT = "refused with exit code 2"
    FAILURE = "refused with exit code 1"
    REFUSED = "refused with exit code 1 or 2"
    WELL = "allowed"
    RIGHT_OR_REFUSED = "refused, or allowed with the right result"


Check = Callable[[Place, Ended], str | None]
"""What is wrong with what a command left behind and said, in a few words; None if all is well."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong. `prepare` makes it in a fresh place and gives the command that meets it; `check`
    looks at what came of it, where the exit code alone doesn't say enough.
    """

    kind: str
    name: str
    prepare: Callable[[Place], Command]
    end: End = End.BAD_INPUT
    check: Check | None = None
