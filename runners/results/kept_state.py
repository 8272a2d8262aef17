"""The training state that a finished cell keeps, and which longer cell may go on from it.

It is the state after the last step and before the evaluation there, with the best weights and the tables as they were
then: a longer training passes the same point, evaluates it by its own schedule, and chooses among stages by itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from runners.results.cell_folder import CellFolder, audio_file
from runners.results.cell_identity import Identity
from vits.common.atomic_files import copy_atomically, remove_leftovers
from vits.common.checksums import MANIFEST, check_all_listed, check_manifest, write_manifest
from vits.common.errors import InputError
from vits.common.names import check_name

KEPT = "kept_state"
TABLES = ("scores", "transcripts", "losses")
STATE = "state.safetensors"  # the last to be copied: where it is, all is
FILES = (*(f"{table}.csv" for table in TABLES), "best.safetensors", STATE)
LENGTH = ("steps", "evaluations")
"""What of an identity says how long the training is."""


def keep_state(cell: CellFolder) -> None:
    """Copy what going on needs to where the cell's end doesn't remove it. The manifest comes last: without it nothing
    counts as kept.

    Raises:
        InputError: the folder can't be written to.
    """
    kept = cell.path / KEPT
    (kept / MANIFEST).unlink(missing_ok=True)
    if kept.is_dir():
        remove_leftovers(kept)
    _copy_those_there(cell.path, kept)
    write_manifest(kept, FILES)


def has_kept_state(folder: Path) -> bool:
    """Whether a cell's folder holds a state to go on from."""
    return (folder / KEPT / MANIFEST).is_file()


def shorter_cell(experiment: Path, identity: Identity) -> CellFolder | None:
    """The longest finished cell of an experiment that is the same training but shorter, and kept its state.

    It is the same if all of its identity is but the length, and if it was evaluated where the longer one is.
    """
    mine = json.loads(json.dumps(identity.contents, default=str))
    found = [
        cell
        for manifest in sorted(experiment.glob(f"*/{KEPT}/{MANIFEST}"))
        if (cell := _readable(manifest.parents[1])) is not None and _is_shorter(cell, mine)
    ]
    return max(found, key=lambda cell: cell.record["identity_of"]["steps"], default=None)


def take_over(cell: CellFolder, shorter: CellFolder) -> None:
    """Begin a cell with what a shorter one kept, audio and pictures of its evaluations included.

    Raises:
        InputError: a file of it was changed, or the folder can't be written to.
    """
    kept = shorter.path / KEPT
    remedy = f"restore it, or remove {kept}, which is only there to go on from"
    check_manifest(kept, remedy)
    check_all_listed(kept, FILES, remedy)
    scores = CellFolder(kept).table("scores")
    spoken = scores[["step", "split", "speaker", "utterance"]].drop_duplicates() if len(scores) else scores
    for row in spoken.itertuples(index=False):
        check_name(str(row.split), f"{kept / 'scores.csv'}: split")  # it becomes a folder
        _copy_media(shorter.path, cell.path, tuple(row))
    _copy_those_there(kept, cell.path)


def _copy_those_there(source: Path, target: Path) -> None:
    for name in FILES:
        if os.path.lexists(source / name):
            copy_atomically(source / name, target / name)


def _copy_media(source: Path, target: Path, spoken: Collection[Any]) -> None:
    """What was spoken, and its picture if it has one."""
    audio = audio_file(source, *spoken)
    picture = source / "pictures" / audio.parts[-3] / f"{audio.stem}.png"
    for path in (audio, picture):
        if path.is_file():
            copy_atomically(path, target / path.relative_to(source))


def _readable(folder: Path) -> CellFolder | None:
    """A finished cell whose record is as it was written."""
    try:
        cell = CellFolder(folder)
        if cell.finished:
            cell.check_files()
            return cell
    except InputError:  # somebody else's trouble: the longer cell can be trained without it
        return None
    return None


def _is_shorter(cell: CellFolder, mine: Mapping[str, Any]) -> bool:
    theirs = cell.record.get("identity_of", {})
    if any(theirs.get(key) != mine.get(key) for key in (theirs.keys() | mine.keys()) - set(LENGTH)):
        return False
    steps: int = theirs["steps"]
    before = [[due for due in identity["evaluations"] if due < steps] for identity in (theirs, mine)]
    return steps < mine["steps"] and before[0] == before[1]
