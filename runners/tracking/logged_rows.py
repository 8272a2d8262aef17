"""What a run was given, row by row, kept beside it, so that a process that goes on with the run gives each value once.

Weights & Biases writes an offline run's file every 15 s and at its end, so that of one that is killed what came last is
missing; and to a run that is gone on with it appends what it is given, twice if it is given twice. So whoever goes on
reads here what was given before, and gives it again or not.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from vits.common.atomic_files import write_atomically

FILE = "logged.jsonl"
_WHOLE = "whole"


@dataclass(frozen=True)
class Row:
    """Values and media of one training step. `number` orders a run's rows; `log` is the folder of the log that has it.

    Media are paths below the run's directory, by the names that they are logged under.
    """

    step: int
    values: Mapping[str, float] = field(default_factory=dict)
    audio: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)
    number: int = -1
    log: str = ""

    @property
    def names(self) -> frozenset[str]:
        """What is logged in it."""
        return frozenset((*self.values, *self.audio, *self.pictures))

    def without(self, names: frozenset[str]) -> Row:
        """The row with the rest."""
        kinds = {kind: getattr(self, kind) for kind in ("values", "audio", "pictures")}
        return replace(self, **{k: {n: v for n, v in given.items() if n not in names} for k, given in kinds.items()})


class LoggedRows:
    """The rows of a run by all processes that were at it, in the order in which they were given.

    `logs` are the folders of all that wandb wrote, and whether each was closed by its process, so that nothing is
    missing in it. Rows of steps behind `until` are left out, as is a line that is no row, such as a machine may leave
    that went down.
    """

    def __init__(self, path: Path, until: int | None = None) -> None:
        self.path = path
        self.rows: list[Row] = []
        self.logs: dict[str, bool] = {}
        for line in _lines(path):
            with suppress(TypeError):
                if _WHOLE in line:
                    self.logs[str(line["log"])] = bool(line[_WHOLE])
                elif until is None or line["step"] <= until:
                    self.rows.append(Row(**line))
        self._given: dict[int, frozenset[str]] = {}
        for row in self.rows:
            self._given[row.step] = self._given.get(row.step, frozenset()) | row.names

    @property
    def next_number(self) -> int:
        """That of a row behind all others."""
        return max((row.number for row in self.rows), default=-1) + 1

    def begin(self, log: str, again: Collection[Row]) -> None:
        """Begin a log, which is given some of the rows again, and has them from here on."""
        moved = {row.number for row in again}
        rows = [replace(row, log=log) if row.number in moved else row for row in self.rows]
        lines = [*(_log_line(*known) for known in (self.logs | {log: False}).items()), *map(_row_line, rows)]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self.path, "".join(lines).encode())
        self._file = self.path.open("a", encoding="utf-8", buffering=1)

    def new(self, row: Row) -> Row:
        """What of a row no earlier process gave."""
        return row.without(self._given.get(row.step, frozenset()))

    def add(self, row: Row) -> None:
        """Write a row down. It reaches the operating system at once, and so outlives its process."""
        self._file.write(_row_line(row))

    def close(self, log: str) -> None:
        """Note that a log has all rows that it was given."""
        with self._file:
            self._file.write(_log_line(log, True))


def _log_line(log: str, whole: bool) -> str:
    return f"{json.dumps({'log': log, _WHOLE: whole})}\n"


def _row_line(row: Row) -> str:
    return f"{json.dumps({name: value for name, value in asdict(row).items() if value != {}})}\n"


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    """The whole lines of a file, if there is one."""
    if not path.is_file():
        return
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        with suppress(json.JSONDecodeError):
            line = json.loads(text)
            if isinstance(line, dict):
                yield line
