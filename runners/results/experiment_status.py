"""How far an experiment is: of each cell whether it is done, running (where, and how long still), waiting or failed.

Only what stands in the folder is looked at, so that it can be asked while cells run, on any machine that shares it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runners.results.cell_folder import CELL_JSON, DROPPED, FAILED, FINISHED, RUNNING, STOPPED, WAITING, CellFolder
from runners.results.failures import failures_of
from runners.results.lease import FOLDER, Lease
from runners.results.sweep_record import outside_the_last_sweep
from vits.common.errors import InputError
from vits.common.readers import read_json

BROKEN_OFF = "broken off"
ORDER = (RUNNING, BROKEN_OFF, FAILED, WAITING, DROPPED, FINISHED)


@dataclass(frozen=True)
class CellStatus:
    """One cell: `step` is the last that was evaluated of `steps`, `holder` the process that works on it, `left_s` what
    the rest will take at the pace so far (NaN where that isn't known), and `why` why it has no result. `in_last_sweep`
    is False of those alone that the last sweep which came to its end was not of."""

    name: str
    status: str
    step: int
    steps: int
    holder: str
    left_s: float
    why: str
    in_last_sweep: bool = True


def experiment_status(experiment: Path, now_s: float | None = None) -> list[CellStatus]:
    """All cells of an experiment, those that want attention first; those that failed before they had a folder as well.

    `now_s` is the time in seconds since 1970.

    Raises:
        InputError: there is no such experiment, or a record is damaged.
    """
    if not experiment.is_dir():
        raise InputError(f"there is no experiment {experiment}; name one that was run, and where, by results=...")
    now_s = time.time() if now_s is None else now_s
    failures = failures_of(experiment)
    found = [_status(path.parent, failures, now_s) for path in sorted(experiment.glob(f"*/{CELL_JSON}"))]
    outside = set(outside_the_last_sweep(experiment, [cell.name for cell in found]))
    found = [replace(cell, in_last_sweep=cell.name not in outside) for cell in found]
    found += _without_record(experiment, failures, {cell.name for cell in found})
    return sorted(found, key=lambda cell: (ORDER.index(cell.status), cell.name))


def _without_record(experiment: Path, failures: dict[str, str], known: set[str]) -> Iterator[CellStatus]:
    """Cells that failed before they had a record, and those that a process has taken and not begun yet."""
    yield from (
        CellStatus(name, FAILED, 0, 0, "", math.nan, why) for name, why in failures.items() if name not in known
    )
    for name in {path.stem for path in (experiment / FOLDER).glob("*.json")} - known - failures.keys():
        holder = Lease(experiment / name).holder()
        if holder is not None:
            yield CellStatus(name, RUNNING, 0, 0, holder, math.nan, "")


def _status(folder: Path, failures: dict[str, str], now_s: float) -> CellStatus:
    record = read_json(folder / CELL_JSON, dict[str, Any])
    holder = Lease(folder).holder() or ""
    said = record.get("status")
    status = said if said in ORDER and (said != RUNNING or holder) else BROKEN_OFF
    steps = int(record.get("identity_of", {}).get("steps") or 0)
    ended = int(record.get(STOPPED, {}).get("step", steps))
    step = ended if status == FINISHED else _last_evaluated(folder)
    left_s = _left_s(folder, record, step, steps, now_s) if status == RUNNING else math.nan
    return CellStatus(folder.name, status, step, steps, holder, left_s, _why(record, status, failures.get(folder.name)))


def _why(record: dict[str, Any], status: str, failure: str | None) -> str:
    if status == DROPPED:
        dropped = record.get(DROPPED, {})
        return f"after step {dropped.get('step')} behind {dropped.get('leader')}"
    if status == BROKEN_OFF:
        return "nobody is at it; the same command goes on"
    return str(record.get("error") or failure or "") if status == FAILED else ""


def _last_evaluated(folder: Path) -> int:
    scores = CellFolder(folder).table("scores")
    return 0 if scores.empty else int(scores["step"].max())


def _left_s(folder: Path, record: dict[str, Any], step: int, steps: int, now_s: float) -> float:
    """What is left, if it goes on as it went until the last evaluation; one that was stopped between looks slower."""
    if not step:
        return math.nan
    reached_s = (folder / "scores.csv").stat().st_mtime
    pace_s = (reached_s - float(record["started_at"])) / step
    return max(0.0, pace_s * (steps - step) - (now_s - reached_s))


def status_lines(cells: list[CellStatus]) -> Iterator[str]:
    """What is printed: how many of each, and a line for each cell that isn't finished."""
    counts = {status: sum(cell.status == status for cell in cells) for status in ORDER}
    yield f"{len(cells)} cells: " + ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    for cell in cells:
        if cell.status != FINISHED:
            yield "  ".join(part for part in (f"{cell.status:10}", cell.name, *_details(cell)) if part)
    outside = [cell.name for cell in cells if not cell.in_last_sweep]
    if outside:
        yield f"{len(outside)} of them are not in the last sweep, and are kept:"
        yield from (f"  {name}" for name in outside)


def _details(cell: CellStatus) -> Iterator[str]:
    if cell.steps:
        yield f"step {cell.step} of {cell.steps}"
    if cell.holder:
        yield cell.holder
    if not math.isnan(cell.left_s):
        yield f"about {math.ceil(cell.left_s / 60)} min left"
    yield cell.why
