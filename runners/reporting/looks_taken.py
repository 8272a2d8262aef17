"""How often somebody has looked at an experiment and then added to it.

Who looks, adds seeds or sentences until a difference shows, and stops then, errs more often than one look does; so
looks are counted, and each spends a part of what all of them may (`metrics.statistics.looks`). What is counted is data
that is added to systems that were seen before; new systems beside them are new questions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runners.reporting.results import Experiment
from vits.common.atomic_files import write_atomically
from vits.common.errors import InputError

LOOKS_JSON = "looks.json"

Seen = Mapping[str, list[str]]
"""The identities of each system's cells, and how many further sentences they spoke; a system is called by all of its
facets, since what the others share may change."""


@dataclass(frozen=True)
class Looks:
    """The number of the last look, and what was seen then."""

    number: int
    seen: Seen


def look_at(experiment: Experiment) -> int:
    """The number of the look that a report on this data is, from 1; the same data is not looked at twice."""
    return _next(_read(experiment.folder), _of(experiment)).number


def remember(experiment: Experiment) -> None:
    """Write down that this data has been looked at."""
    looks = _next(_read(experiment.folder), _of(experiment))
    content = json.dumps({"number": looks.number, "seen": looks.seen}, indent=1, sort_keys=True)
    write_atomically(experiment.folder / LOOKS_JSON, content.encode())


def _next(last: Looks, seen: Seen) -> Looks:
    grown = any(label in seen and set(seen[label]) - set(cells) for label, cells in last.seen.items())
    return Looks(max(1, last.number + grown), {**last.seen, **seen})


def _of(experiment: Experiment) -> Seen:
    return {
        ",".join(f"{name}={value}" for name, value in system.cells[0].facets.items()): sorted(
            str(cell.record.get("identity", cell.name)) + (f"+{cell.n_further}" if cell.n_further else "")
            for cell in system.cells
        )
        for system in experiment.systems
    }


def _read(folder: Path) -> Looks:
    """What was written down; nothing yet where there is no file."""
    path = folder / LOOKS_JSON
    if not path.is_file():
        return Looks(0, {})
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Looks(int(found["number"]), {str(name): list(map(str, cells)) for name, cells in found["seen"].items()})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            f"{path} can't be read; remove it if nobody looked at this experiment before its last cells were added"
        ) from None
