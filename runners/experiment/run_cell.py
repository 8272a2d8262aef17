"""One cell of the grid: start, enrol, adapt, fit, score."""

from __future__ import annotations

from contextlib import redirect_stdout
from io import StringIO

from lightning_fabric import Fabric

from metrics.judges.judge import Judges
from runners.bases.start import Start
from runners.experiment.accepting import accepted
from runners.experiment.adapting import Adapted, adapt, context_of, start_of, trainer_of
from runners.experiment.announcing import announce, begin, lint_cell
from runners.experiment.cell import STATE, Cell
from runners.experiment.finishing import finish
from runners.experiment.going_on import go_on_from_a_shorter_one
from runners.experiment.more_sentences import lacks_sentences, speak_more
from runners.experiment.new_voices import new_voices
from runners.experiment.panels import evaluator_of
from runners.experiment.pausing import pause, waits
from runners.experiment.several_devices import share_among_devices
from runners.experiment.shared_work import shared_errors
from runners.experiment.stopping import check_stop
from runners.experiment.tracked_run import tracker_of
from runners.experiment.trainable_share import trainable_shares
from runners.results.cell_folder import CellFolder
from runners.results.cell_identity import Identity
from runners.results.kept_state import keep_state
from runners.results.lease import Lease
from runners.tracking.tracker import TRAINED
from runners.training.devices import make_fabric
from runners.training.fit import Fit
from runners.training.following import Preparation, follow, heard, judging_of, tell
from runners.training.trainer import LESS_MEMORY
from runners.voices.recorded_voices import Voices, enrol
from vits.common.memory import memory_is_told


@memory_is_told(LESS_MEMORY)
def run_cell(cell: Cell) -> CellFolder:
    """Run a cell, go on with it where it stopped, or find that it has its result already, waits, or that another
    process is at it.

    Raises:
        InputError: something given can't be used; nothing was written then.
        BrokenOffError: it can't go on: a loss left the numbers, memory ran out, or another process took over; or it
            failed before, and isn't to be tried again.
    """
    lease = Lease(cell.directory)
    holder = lease.holder()  # looked at first, so that who shares a sweep gets to a free cell soon
    if holder is not None:
        return _left_to(holder, cell)
    base = cell.base.described(cell.model)
    voices = new_voices(cell, base.spec)
    identity = cell.identity(base, voices)
    folder = accepted(cell, identity, None)
    if (folder.finished and not lacks_sentences(cell, folder)) or waits(cell, folder, voices):
        return folder
    if cell.devices > 1:
        share_among_devices(cell, run_on_device)
        return CellFolder(cell.directory)
    return _take_and_run(make_fabric(cell.device, cell.precision), cell, voices)


@memory_is_told(LESS_MEMORY)
def run_on_device(fabric: Fabric, cell: Cell) -> None:
    """What one of several devices does for a cell: the first all that is to be done, the others their part of training.

    Raises:
        InputError, BrokenOffError: as for `run_cell`.
    """
    unsaid = redirect_stdout(StringIO())
    if not fabric.is_global_zero:
        with unsaid:  # the first one speaks for all
            _follow(fabric, cell)
        return
    with unsaid:  # the process that waits has said what was found
        voices = new_voices(cell, cell.base.described(cell.model).spec)
    _take_and_run(fabric, cell, voices)
    tell(fabric, None)


def _take_and_run(fabric: Fabric, cell: Cell, voices: Voices) -> CellFolder:
    """Run a cell, unless another process is quicker."""
    lease = Lease(cell.directory)
    start = start_of(cell)
    identity = cell.identity(start, voices)  # of the weights that were read, should the base have been changed by now
    holder = lease.take()
    if holder is not None:
        return _left_to(holder, cell)
    with lease:
        folder = accepted(cell, identity, lease)  # as it is now: until a moment ago it may have been another's
        if folder.finished and lacks_sentences(cell, folder):
            speak_more(cell, folder, start, voices)
        elif not (folder.finished or waits(cell, folder, voices)):
            _run(fabric, cell, folder, identity, start, voices)
    return folder


def _left_to(holder: str, cell: Cell) -> CellFolder:
    print(f"{cell.name}: {holder} is running it, not run here ({cell.directory})")
    return CellFolder(cell.directory)


def _run(fabric: Fabric, cell: Cell, folder: CellFolder, identity: Identity, start: Start, voices: Voices) -> None:
    """All that is to be done before training, and then the training."""
    check_stop(cell, voices)
    judges = Judges(cell.cache_dir, fabric.device)
    enrolments = enrol(voices, judges)
    context = context_of(start, voices, enrolments, judges, cell.seed, cell.training.segment_frames)
    initialisers = {**cell.initialisers, cell.adaptation.strategy.name: cell.adaptation.strategy.value}
    errors = shared_errors(initialisers, context, start, voices, cell.seed, cell.cache_dir)
    adapted = adapt(cell.adaptation, start, voices, context, cell.training, cell.schedule(voices).steps)
    announce(cell, voices, start, trainable_shares(start.synthesizer), errors)
    begin(cell, folder, identity, voices, start, adapted, errors)
    lint_cell(cell, folder)
    _fit_and_score(fabric, cell, folder, identity, start, voices, judges, adapted)


def _follow(fabric: Fabric, cell: Cell) -> None:
    """Make what the first device has made, if it is going to train, and train with it."""
    if heard(fabric) is None:
        return
    start = start_of(cell)
    voices = new_voices(cell, start.spec)
    judges = Judges(cell.cache_dir, fabric.device)
    context = context_of(start, voices, enrol(voices, judges), judges, cell.seed, cell.training.segment_frames)
    adapted = adapt(cell.adaptation, start, voices, context, cell.training, cell.schedule(voices).steps)
    trainer = trainer_of(cell, fabric, start, adapted)
    evaluator = evaluator_of(cell, start, voices, judges, adapted, judging_of(fabric))
    follow(trainer, adapted.material, CellFolder(cell.directory).state, evaluator)


def _fit_and_score(
    fabric: Fabric,
    cell: Cell,
    folder: CellFolder,
    identity: Identity,
    start: Start,
    voices: Voices,
    judges: Judges,
    adapted: Adapted,
) -> None:
    """Train with evaluations between, then keep the best stage, with what stands beside its scores; or wait."""
    tell(fabric, Preparation())
    trainer = trainer_of(cell, fabric, start, adapted)
    evaluator = evaluator_of(cell, start, voices, judges, adapted, judging_of(fabric))
    folder.write_table("texts", evaluator.texts)
    with folder, memory_is_told(LESS_MEMORY):
        with tracker_of(cell, identity, folder) as tracker:
            tracker.summarise({TRAINED: trainable_shares(start.synthesizer)[-1].trainable})
            go_on_from_a_shorter_one(cell, folder, identity, adapted, tracker)
            fit = Fit(folder, trainer, adapted.material, evaluator, tracker, cell.schedule(voices))
            fit.run(keep_state if cell.keep == STATE else None, cell.until(voices))
            result = fit.best() if fit.ended else None
        if result is None:
            pause(cell, folder, fit)
            return
        finish(cell, folder, start, adapted, fit, judges, result)  # of which nothing is logged: the run is whole
        tracker.forget()
