"""How a fault ended, beside how it should have."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from fault_injection.fault import End, Fault
from fault_injection.place import Material, Place
from fault_injection.process import TIMED_OUT, Ended, run

STATUSES = {
    End.BAD_INPUT: (2,),
    End.FAILURE: (1,),
    End.REFUSED: (1, 2),
    End.WELL: (0,),
    End.RIGHT_OR_REFUSED: (0, 1, 2),
}
AS_EXPECTED = "refused", "allowed"
UNEXPECTED = (
    *("traceback", "wrong exit code", "several lines", "time or memory", "code executed", "silently accepted"),
    *("wrong result", "user file lost", "not prepared"),
)


@dataclass(frozen=True)
class Outcome:
    """What became of a fault, by the words of `AS_EXPECTED` and `UNEXPECTED`, and what shows it."""

    fault: Fault
    ended: Ended
    what: str
    shown: str

    @property
    def unexpected(self) -> bool:
        return self.what in UNEXPECTED

    def told(self) -> str:
        """One line."""
        wanted = self.fault.end.value
        return f"{self.fault.kind}: {self.fault.name}: {self.what} (should be {wanted}): {self.shown[:300]}"


def outcome_of(fault: Fault, material: Material, folder: Path, *, keep: bool) -> Outcome:
    """Prepare a fault in a fresh folder, run its command, and look at what came of it."""
    place = Place(folder / "here", material)
    place.folder.mkdir(parents=True)
    try:
        command = fault.prepare(place)
    except Exception as error:  # noqa: BLE001 - a mistake in this benchmark, which stops nothing else
        return Outcome(fault, Ended(0, "", "", 0.0), "not prepared", f"{type(error).__name__}: {error}")
    before = place.fingerprints()
    ended = run(command, place.folder)
    what, shown = _judged(fault, place, ended, before)
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    return Outcome(fault, ended, what, shown)


def _judged(fault: Fault, place: Place, ended: Ended, before: dict[Path, str]) -> tuple[str, str]:
    """The worst thing that can be said of it, and what shows it."""
    lost, last = place.lost(before), _last_line(ended)
    if place.canary.exists():
        return "code executed", last
    if lost:
        return "user file lost", ", ".join(lost)
    if ended.status == TIMED_OUT or "MemoryError" in ended.err or ended.status < 0:
        return "time or memory", f"{ended.seconds:.0f} s, status {ended.status}: {last}"
    if "Traceback (most recent call last)" in ended.err + ended.out:
        return "traceback", last
    return _judged_by_status(fault, place, ended, last)


def _judged_by_status(fault: Fault, place: Place, ended: Ended, last: str) -> tuple[str, str]:
    if ended.status not in STATUSES[fault.end]:
        return ("silently accepted" if ended.status == 0 else "wrong exit code"), f"status {ended.status}: {last}"
    errors = [line for line in ended.err.splitlines() if line.startswith("error: ")]
    if ended.status != 0 and len(errors) != 1:
        return "several lines", f"{len(errors)} lines of error: {last}"
    looked_at = fault.check is not None and (ended.status == 0 or fault.end is not End.RIGHT_OR_REFUSED)
    complaint = fault.check(place, ended) if fault.check and looked_at else None
    if complaint is not None:
        return "wrong result", complaint
    return ("allowed" if ended.status == 0 else "refused"), errors[0] if errors else last


def _last_line(ended: Ended) -> str:
    lines = [line for line in (*ended.out.splitlines(), *ended.err.splitlines()) if line.strip()]
    return lines[-1].strip() if lines else "nothing said"
