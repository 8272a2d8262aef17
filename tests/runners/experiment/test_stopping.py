"""A cell that stops before its length, since validation sentences have become no better."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from runners.experiment.cell import Cell
from runners.experiment.run_cell import run_cell
from runners.results.experiment_status import experiment_status
from vits.checkpoint import load_tensors
from vits.common.errors import InputError

MakeCell = Callable[..., Cell]
VALIDATED = ("metrics=[secs]", "+evaluation.utterances_per_speaker.validation=1")
EAGER = ("stop=patience", "stop.evaluations=1", "stop.gain=1", *VALIDATED)  # nothing gains as much as 1


def test_cell_ends_where_it_stopped_as_if_it_had_been_that_long(make_cell: MakeCell) -> None:
    stopped = run_cell(make_cell(*EAGER, "steps=6", "eval_every=2"))
    assert stopped.finished
    assert set(stopped.table("scores")["step"]) == {0, 2}
    found = stopped.record["stopped"]
    assert (found["step"], found["of"]) == (2, 6)
    assert found["stop"] == ["patience", {"evaluations": 1, "gain": 1.0}]
    assert found["judged_by"] == "validation secs"
    short = run_cell(make_cell(*VALIDATED, "steps=2", "eval_every=2", "name=short"))
    assert "stopped" not in short.record
    assert stopped.record["chosen"] == short.record["chosen"]
    mine, its = (load_tensors(cell.path / "generator.safetensors") for cell in (stopped, short))
    assert all(torch.equal(tensor, its[name]) for name, tensor in mine.items())
    (status,) = experiment_status(stopped.path.parent)
    assert (status.step, status.steps) == (2, 6)


def test_cell_trains_to_its_end_when_it_is_patient(make_cell: MakeCell) -> None:
    patient = run_cell(make_cell(*EAGER, "stop.evaluations=9", "steps=2", "eval_every=1"))
    assert set(patient.table("scores")["step"]) == {0, 1, 2}
    assert "stopped" not in patient.record


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("stop=patience", "metrics=[secs]"), "stop=patience asks how good validation sentences are, and nothing is"),
        (("stop=patience", "metrics=[cer]", VALIDATED[1]), "metrics=\\[wer,secs\\], or stop=none"),
        ((*EAGER, "average=interpolated"), "average=interpolated is made after the last step .* use stop=none"),
    ],
)
def test_cell_is_refused_when_it_cannot_know_when_to_stop(
    overrides: tuple[str, ...], message: str, make_cell: MakeCell
) -> None:
    cell = make_cell(*overrides, "steps=2")
    with pytest.raises(InputError, match=message):
        run_cell(cell)
    assert not cell.directory.exists()
