"""A cell's part in a race: before it trains on, the looks that are due are taken, and it stops if it was dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from metrics.metric import Metric
from metrics.statistics.racing import Behind
from runners.experiment.cell import Cell
from runners.experiment.run_cell import run_cell
from runners.racing.looking import has_stage, look
from runners.results.cell_folder import WAITING, CellFolder
from runners.results.failures import failures_of
from runners.results.lease import Lease
from runners.results.race_record import Look, Race, read_race, write_race
from vits.common.errors import BrokenOffError, InputError
from vits.common.registry import registered


def run_racing_cell(cell: Cell) -> None:
    """Train a cell to where it waits next, if its system is still in the race.

    Raises:
        InputError, BrokenOffError: as for `run_cell`; or it is in no race, or another cell of the field is missing.
    """
    if cell.pause is None:
        raise InputError("racing=true is of a whole sweep, and of hydra/sweeper=basic; leave it out of the axes")
    experiment = cell.directory.parent
    if cell.name in failures_of(experiment):  # in an earlier round of this sweep
        return
    race = _looked(experiment, _entered(cell, experiment), cell.pause.stop_after)
    system = race.cells[cell.name].system
    if system in race.dropped:
        step, found = race.dropped[system]
        _stop(cell, step, found, race.rule.aim)
    else:
        alone = len(race.left) == 1  # there is nobody left to wait for
        run_cell(replace(cell, pause=None) if alone else cell)


def _entered(cell: Cell, experiment: Path) -> Race:
    """The race that the cell takes part in."""
    race = read_race(experiment)
    if race is None or cell.name not in race.cells:
        raise BrokenOffError(f"another race was begun in {experiment}; run the same command again when it has ended")
    return race


def _looked(experiment: Path, race: Race, stop_after: int) -> Race:
    """The race with every look that is due before training goes on to its `stop_after`-th evaluation."""
    due = race.stages_looked_at[: max(0, stop_after - 2)]
    for step in due[len(race.looks) :]:
        _check_reached(experiment, race, step)
        taken = look(experiment, race, _metrics(race))
        race = race.with_look(taken)
        write_race(experiment, race)
        print(_told(taken, race), flush=True)
    return race


def _check_reached(experiment: Path, race: Race, step: int) -> None:
    """Check that all cells that are left were evaluated after a step, but for those that failed.

    Raises:
        BrokenOffError: one wasn't; another process may be at it.
    """
    failed = failures_of(experiment)
    for name, racer in race.cells.items():
        if racer.system in race.left and name not in failed and not has_stage(experiment, name, step):
            raise BrokenOffError(
                f"the race waits for step {step} of {name}, which another process may be running; "
                "run the same command again when it has ended"
            )


def _metrics(race: Race) -> Mapping[str, Metric]:
    known = {metric.name: metric for metric in registered("metrics").values()}
    return {name: known[name]() for name in (race.rule.aim, *race.rule.guards) if name in known}


def _stop(cell: Cell, step: int, found: Behind, aim: str) -> None:
    """Note in the cell's folder that it is trained no further; one that another process is at is left alone."""
    lease = Lease(cell.directory)
    if lease.take() is not None:
        return
    with lease:
        folder = CellFolder(cell.directory, lease)
        if folder.record.get("status") == WAITING:
            folder.drop({"step": step, "metric": aim, **asdict(found)})
            print(f"{cell.name}: dropped after step {step}, {found.leader} will stay ahead ({cell.directory})")


def _told(taken: Look, race: Race) -> str:
    """A look in a line."""
    fallen = "; ".join(f"{found.system} (behind {found.leader})" for found in taken.dropped) or "nobody"
    left = f"{len(race.left)} of {len(race.systems)} systems go on"
    return f"race: after step {taken.step} of {race.stages[-1]}, {left}; dropped: {fallen}"
