"""A training that stops by itself: what that needs, and what a cell's record says of it."""

from __future__ import annotations

from typing import Any

from runners.experiment.cell import Cell
from runners.results.cell_folder import STOPPED
from runners.training.fit import Fit
from runners.voices.recorded_voices import Voices
from vits.common.errors import InputError
from vits.corpus.split import VALIDATION


def check_stop(cell: Cell, voices: Voices) -> None:
    """Check that it can be told when to stop.

    Raises:
        InputError: nothing is validated, or an average has to know the last step before it is judged.
    """
    stop, average = cell.adaptation.stop, cell.adaptation.average
    if not stop.value.asks_validation:
        return
    if not (voices.spoken.get(VALIDATION) and cell.evaluation.selection.counts(cell.metrics)):
        raise InputError(
            f"stop={stop.name} asks how good validation sentences are, and nothing is validated; set "
            "evaluation.utterances_per_speaker.validation=3 and metrics=[wer,secs], or stop=none"
        )
    if average.value.waits_for_the_end:
        raise InputError(
            f"average={average.name} is made after the last step and judged then, and with stop={stop.name} the last "
            "step is known when it is judged; use stop=none or another average"
        )


def stop_record(cell: Cell, fit: Fit) -> dict[str, Any]:
    """Where the training stopped before its length, and why; nothing where it didn't."""
    if not fit.is_stopped:
        return {}
    by = cell.evaluation.selection.describe(cell.metrics)
    print(f"  stopped at step {fit.trainer.step} of {fit.schedule.steps}: stop={cell.adaptation.stop.name} by {by}")
    choice = cell.adaptation.stop.contents
    return {STOPPED: {"step": fit.trainer.step, "of": fit.schedule.steps, "stop": choice, "judged_by": by}}
