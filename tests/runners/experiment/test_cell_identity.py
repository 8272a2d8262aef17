"""The identity of a cell: it changes when the result would, and only then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from runners.bases.start import Start
from runners.experiment.cell import Cell
from runners.voices.recorded_voices import Voices, load_voices
from vits.common.errors import InputError

MakeCell = Callable[..., Cell]


@pytest.fixture(scope="module")
def prepared() -> dict[str, tuple[Start, Voices]]:
    """The base and the voices of the cell without overrides, read once."""
    return {}


def start_and_voices(cell: Cell, prepared: dict[str, tuple[Start, Voices]]) -> tuple[Start, Voices]:
    if not prepared:
        start = cell.base.start(cell.model)
        prepared[""] = (
            start,
            load_voices(
                cell.corpus,
                start.spec,
                cache_dir=cell.cache_dir,
                segment_frames=cell.training.segment_frames,
                max_duration_s=cell.max_duration_s,
                held_out=cell.evaluation.utterances_per_speaker,
            ),
        )
    return prepared[""]


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("strategy=mean", "strategy"),
        ("strategy.neighbours=2", "strategy"),
        ("freeze=decoder", "freeze"),
        ("seed=1", "seed"),
        ("eval_every=150", "evaluations"),
        ("precision=bf16", "precision"),
        ("metrics=[wer]", "metrics"),
        ("training.batch_size=3", "training"),
        ("training.optimizer.learning_rate=1e-3", "training"),
        ("training.loss_weights.mel=1", "training"),
        ("training.adversary=none", "training"),
        ("evaluation.noise_scale=0.5", "evaluation"),
    ],
)
def test_identity_changes_in_one_key_when_the_result_would(
    override: str, key: str, make_cell: MakeCell, prepared: dict[str, tuple[Start, Voices]]
) -> None:
    start, voices = start_and_voices(make_cell(), prepared)
    one, other = (make_cell(*overrides).identity(start, voices) for overrides in ([], [override]))
    assert one.hash != other.hash
    assert [name for name in one.contents if one.contents[name] != other.contents[name]] == [key]


def test_identity_is_that_of_the_steps_when_epochs_are_given(
    make_cell: MakeCell, prepared: dict[str, tuple[Start, Voices]]
) -> None:
    start, voices = start_and_voices(make_cell(), prepared)  # two steps an epoch
    in_epochs, in_steps = (make_cell(length).identity(start, voices) for length in ("epochs=15", "steps=30"))
    assert in_epochs.hash == in_steps.hash
    assert (in_steps.contents["steps"], in_steps.contents["evaluations"]) == (30, [0, 25, 30])


@pytest.mark.parametrize(
    "override",
    ["device=auto", "training.accumulate=2", "wandb.project=x", "wandb.tags=[a]", "name=other", "results=elsewhere"],
)
def test_identity_is_the_same_when_the_result_would_be(
    override: str, make_cell: MakeCell, prepared: dict[str, tuple[Start, Voices]]
) -> None:
    start, voices = start_and_voices(make_cell(), prepared)
    assert make_cell(override).identity(start, voices).hash == make_cell().identity(start, voices).hash


def test_name_is_the_same_when_a_batch_is_computed_in_parts(make_cell: MakeCell) -> None:
    assert make_cell("training.accumulate=2").name == make_cell().name
    assert (
        make_cell("training.accumulate=2", "training.segment_frames=8").name
        == make_cell("training.segment_frames=8").name
    )


def test_parts_are_refused_when_noise_is_measured_over_the_whole_batch(make_cell: MakeCell) -> None:
    with pytest.raises(InputError, match=r"accumulate=2 can't have training\.alignment_noise=true beside it"):
        make_cell("training.accumulate=2", "training.alignment_noise=true")


def test_identity_changes_when_the_base_or_the_voices_do(
    make_cell: MakeCell, prepared: dict[str, tuple[Start, Voices]]
) -> None:
    cell = make_cell()
    start, voices = start_and_voices(cell, prepared)
    hashes = {
        cell.identity(*given).hash
        for given in ((start, voices), (replace(start, identity="x"), voices), (start, replace(voices, identity="x")))
    }
    assert len(hashes) == 3


def test_identity_and_name_change_when_the_decoder_is_conditioned(
    make_cell: MakeCell, prepared: dict[str, tuple[Start, Voices]]
) -> None:
    start, voices = start_and_voices(make_cell(), prepared)
    plain, conditioned = make_cell(), make_cell("adapter=decoder_film")
    assert plain.name != conditioned.name
    assert conditioned.identity(start, voices).hash != plain.identity(start, voices).hash


def test_voices_have_another_identity_when_a_recording_or_a_choice_differs(
    make_cell: MakeCell, prepared: dict[str, tuple[Start, Voices]], material: Any
) -> None:
    cell = make_cell()
    start, voices = start_and_voices(cell, prepared)

    def identity(**changes: Any) -> str:
        given = {"segment_frames": 32, "max_duration_s": 10.0, "held_out": {"test": 1}} | changes
        corpus = given.pop("corpus", cell.corpus)
        return load_voices(corpus, start.spec, cache_dir=cell.cache_dir, **given).identity

    assert identity() == voices.identity
    assert identity(max_duration_s=2.5) != voices.identity  # leaves a clip out
    assert identity(held_out={"test": 1, "validation": 1}) != voices.identity
    assert identity(corpus=replace(cell.corpus, speakers=["040"])) != voices.identity
