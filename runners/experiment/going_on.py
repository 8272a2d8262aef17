"""A cell that is longer than a finished one of the same training goes on from that one's state."""

from __future__ import annotations

from metrics.summary import summarise
from runners.experiment.adapting import Adapted
from runners.experiment.cell import Cell
from runners.results.cell_folder import CellFolder
from runners.results.cell_identity import Identity
from runners.results.kept_state import shorter_cell, take_over
from runners.tracking.tracker import Tracker
from vits.common.errors import InputError

CONTINUED = "continued_from"  # in cell.json


def go_on_from_a_shorter_one(
    cell: Cell, folder: CellFolder, identity: Identity, adapted: Adapted, tracker: Tracker
) -> None:
    """Take over the state of the longest finished cell of the same training, if one kept it, and say so.

    The result is bit for bit that of a training from the start. So a training whose learning rates follow its length
    begins anew, and so does one of a cell that has a state of its own, or whose shorter cell is damaged.
    """
    if folder.state.is_file():
        return
    shorter = shorter_cell(cell.directory.parent, identity)
    if shorter is None:
        return
    if not adapted.regime.is_the_same_at_any_length:
        print(f"  not continued from {shorter.path.name}: what learns when depends on the length; training anew")
        return
    try:
        take_over(folder, shorter)
    except InputError as error:
        print(f"  warning: not continued from {shorter.path.name}, training anew: {error}")
        return
    folder.update(**{CONTINUED: {"cell": shorter.path.name, "step": shorter.record["identity_of"]["steps"]}})
    print(f"  continued from {shorter.path.name}, which kept its state")
    _log_what_was_before(cell, folder, tracker)


def _log_what_was_before(cell: Cell, folder: CellFolder, tracker: Tracker) -> None:
    """Give the cell's own run the curves of the steps that another run made."""
    losses, scores = folder.table("losses"), folder.table("scores")
    if len(losses):
        for step, rows in losses.groupby("step"):
            tracker.log_losses(int(str(step)), dict(zip(rows["loss"], rows["value"], strict=True)))
    if len(scores):
        for step, rows in scores.groupby("step"):
            tracker.log_scores(int(str(step)), summarise(rows, cell.metrics))
