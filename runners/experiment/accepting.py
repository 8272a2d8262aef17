"""Whether a cell has its result already: told by its identity, for which neither weights nor sound are loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from runners.bases.start import DescribedBase
from runners.experiment.cell import STATE, Cell
from runners.experiment.new_voices import new_voices
from runners.results.cell_folder import CellFolder
from runners.results.cell_identity import Identity
from runners.results.kept_state import has_kept_state
from runners.results.lease import Lease
from runners.voices.recorded_voices import Voices
from vits.common.errors import BrokenOffError, InputError

T = TypeVar("T")


def accepted(cell: Cell, identity: Identity, lease: Lease | None) -> CellFolder:
    """The cell's folder, if what it holds is this cell's.

    Raises:
        InputError: it is another's, or was changed since it was finished.
        FailedBeforeError: it failed before, and isn't to be tried again.
    """
    folder = CellFolder(cell.directory, lease)
    if not cell.tries_failed:
        folder.check_not_failed(identity)
    folder.accept(identity)
    if folder.finished and not (lease and cell.more_sentences):
        without = cell.keep == STATE and not has_kept_state(folder.path)
        print(
            f"{cell.name}: finished before, not run again ({folder.path})"
            + ("; it didn't keep its state" if without else "")
        )
    return folder


class FinishedBefore:
    """Finds the finished ones among the cells of a sweep.

    The base and the recordings are read once for all cells that share them, as they are when the first of these cells
    is looked at; each cell's own record and tables are read.
    """

    def __init__(self) -> None:
        self._bases = Once[DescribedBase]()
        self._voices = Once[Voices]()

    def has(self, cell: Cell) -> bool:
        """Whether nothing is to be done for a cell. Of one that can't be accepted, its own process says why."""
        if cell.more_sentences or not CellFolder(cell.directory).finished or Lease(cell.directory).holder() is not None:
            return False
        try:
            return accepted(cell, self.identity(cell), None).finished
        except (InputError, BrokenOffError, OSError):
            return False

    def identity(self, cell: Cell) -> Identity:
        """All that determines a cell's result.

        Raises:
            InputError: the base or the recordings can't be read.
        """
        base = self._bases.of((cell.base, cell.model), lambda: cell.base.described(cell.model))
        read = (cell.corpus, base.spec.parts, cell.evaluation, cell.training.segment_frames, cell.max_duration_s)
        voices = self._voices.of((*read, cell.cache_dir), lambda: new_voices(cell, base.spec))
        return cell.identity(base, voices)


class Once(Generic[T]):
    """What is made of something, once for all that is equal to it; keys needn't be hashable."""

    def __init__(self) -> None:
        self._made: list[tuple[object, T]] = []

    def of(self, key: object, make: Callable[[], T]) -> T:
        """What was made for an equal key, or else is made now."""
        for known, made in self._made:
            if known == key:
                return made
        made = make()
        self._made.append((key, made))
        return made
