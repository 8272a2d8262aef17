"""A cell in this process, where every shape and type on its way is checked."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from runners.bases.base import FromScratch
from runners.bases.start import Start
from runners.cli.entry_point import told_in_one_line
from runners.evaluation.selection import Selection
from runners.experiment.cell import Cell
from runners.experiment.run_cell import run_cell
from runners.experiment.sweep_member import run_or_note_failure
from runners.results.cell_folder import CellFolder
from runners.results.lease import Lease
from runners.training.trainer import TrainingDivergedError
from runners.voices.recorded_voices import Voices, load_voices
from vits.bundle import ADVERSARY
from vits.checkpoint import load_tensors
from vits.common.errors import BrokenOffError, InputError
from vits.common.registry import registered

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
    "override", ["device=auto", "wandb.project=x", "wandb.tags=[a]", "name=other", "results=elsewhere"]
)
def test_identity_is_the_same_when_the_result_would_be(
    override: str, make_cell: MakeCell, prepared: dict[str, tuple[Start, Voices]]
) -> None:
    start, voices = start_and_voices(make_cell(), prepared)
    assert make_cell(override).identity(start, voices).hash == make_cell().identity(start, voices).hash


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


def test_cell_is_named_after_its_choices_when_made(make_cell: MakeCell) -> None:
    assert make_cell("seed=3", "freeze=flow").name.startswith("strategy=nearest,freeze=flow,seed=3,base=")
    assert make_cell("strategy=random", "name=mine").directory.parent.name == "mine"


def test_every_step_is_of_the_declared_shapes_when_a_cell_runs(make_cell: MakeCell) -> None:
    cell = make_cell("strategy=ecapa", "freeze=all_but_embedding", "epochs=1", "metrics=[secs]")
    folder = run_cell(cell)
    assert folder.finished
    assert folder.path == cell.directory
    scores = folder.table("scores")
    assert set(scores["step"]) == {0, 2}
    assert set(scores.loc[scores["split"] == "test", "speaker"]) == {"040", "041"}
    assert set(folder.record["speaker_ids"].items()) == {("040", 5), ("041", 6)}
    errors = folder.record["leave_one_out_error"]
    assert errors.keys() == registered("strategy").keys()
    assert errors["mean"] == 1.0
    assert folder.record["trainable"][-1]["trainable"] == 2 * 8
    assert folder.record["cost"]["voice_bytes"] == 8 * 4, "the row of one of the two"


def test_rows_start_where_the_strategy_puts_them_when_nothing_is_trained(make_cell: MakeCell, material: Any) -> None:
    start = make_cell().base.start(None)
    folder = run_cell(make_cell("strategy=mean", "epochs=0", "metrics=[secs]"))
    weights = load_tensors(folder.path / "generator.safetensors")
    for row in (5, 6):
        assert torch.equal(weights["speaker_embedding.weight"][row], start.speakers.embeddings.mean(0))
    assert folder.table("losses").empty
    assert set(folder.table("scores")["step"]) == {0}


def test_cell_runs_from_nothing_when_base_is_scratch(make_cell: MakeCell, small_spec: Any) -> None:
    cell = make_cell("strategy=random", "freeze=none", "epochs=0", "metrics=[secs]")
    folder = run_cell(replace(cell, base=FromScratch(), model=small_spec.parts))
    assert folder.record["base"] == "scratch"
    weights = load_tensors(folder.path / "generator.safetensors")
    assert weights["speaker_embedding.weight"].shape == (2, 8), "the new voices alone"
    assert pd.isna(list(folder.record["leave_one_out_error"].values())).all()


@pytest.mark.parametrize(("adversary", "in_losses", "is_kept"), [("frozen", True, True), ("none", False, False)])
def test_discriminators_stay_the_bases_when_a_cell_does_not_train_them(
    adversary: str, in_losses: bool, is_kept: bool, make_cell: MakeCell, material: Any
) -> None:
    cell = make_cell("steps=1", f"training.adversary={adversary}", "metrics=[secs]")
    folder = run_cell(cell)
    assert cell.differing["training.adversary"] == adversary
    assert ("adversarial" in set(folder.table("losses")["loss"])) == in_losses
    kept, of_base = folder.path / ADVERSARY, material.base / ADVERSARY
    assert kept.is_file() == is_kept
    if is_kept:
        one, other = load_tensors(kept), load_tensors(of_base)
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_frozen_discriminators_are_refused_when_the_base_has_none(make_cell: MakeCell, small_spec: Any) -> None:
    scratch = replace(make_cell("strategy=random", "training.adversary=frozen"), base=FromScratch())
    with pytest.raises(InputError, match=r"training\.adversary=frozen, but the base has no trained discriminators"):
        run_cell(replace(scratch, model=small_spec.parts))
    assert not scratch.directory.exists()


def test_failure_is_written_down_when_training_diverges(
    make_cell: MakeCell, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = make_cell("epochs=1", "metrics=[secs]", "training.optimizer.learning_rate=1e30")
    with pytest.raises(TrainingDivergedError, match="is no number any more at step 0"):
        run_cell(cell)
    with pytest.raises(SystemExit) as left, told_in_one_line():
        run_cell(cell)
    assert left.value.code == 1
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith("error: ")
    assert "lower training.optimizer.learning_rate" in told
    record = json.loads((cell.directory / "cell.json").read_text(encoding="utf-8"))
    assert record["status"] == "failed"
    assert record["error"].startswith("TrainingDivergedError: ")
    assert not (cell.directory / "generator.safetensors").exists()
    assert not CellFolder(cell.directory).finished


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: you tried"),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB."),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_what_to_make_smaller_is_told_when_memory_runs_out(
    error: Exception, make_cell: MakeCell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run_out(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("runners.experiment.run_cell.new_voices", run_out)
    cell = make_cell("epochs=0", "metrics=[secs]")
    with pytest.raises(BrokenOffError, match=r"^there is not enough memory; make training\.batch_size, "):
        run_cell(cell)
    run_or_note_failure(lambda: cell, run_cell, cell.directory.parent, 0)
    with pytest.raises(SystemExit) as left, told_in_one_line():
        run_cell(cell)
    assert left.value.code == 1
    told = capsys.readouterr()
    assert told.out.count("\n") == told.err.count("\n") == 1
    assert "NoMemoryError: there is not enough memory; make training.batch_size" in told.out
    assert told.err.startswith("error: there is not enough memory; make training.batch_size")


def test_memory_is_told_in_one_line_when_it_runs_out_anywhere(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left, told_in_one_line():
        torch.empty(2**60)
    assert left.value.code == 1
    assert capsys.readouterr().err.startswith("error: there is not enough memory; make the batch size smaller")


def test_folder_is_left_alone_when_it_holds_another_configuration(make_cell: MakeCell) -> None:
    made = make_cell("epochs=0", "metrics=[secs]")
    run_cell(made)
    before = {p: p.stat().st_mtime_ns for p in made.directory.rglob("*")}
    other = replace(made, corpus=replace(made.corpus, speakers=["040"]))  # the name doesn't say whose voices they are
    with pytest.raises(InputError, match=r"another configuration \(it differs in data\)"):
        run_cell(other)
    assert before
    assert {p: p.stat().st_mtime_ns for p in made.directory.rglob("*")} == before


def test_cell_is_left_to_the_process_that_runs_it_when_there_is_one(
    make_cell: MakeCell, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = make_cell("epochs=0", "metrics=[secs]")
    other = Lease(cell.directory)
    other.take()
    with other:
        assert not run_cell(cell).finished
        assert not cell.directory.exists()
    told = capsys.readouterr().out
    assert f"{cell.name}: process {os.getpid()} on " in told
    assert " is running it, not run here (" in told
    assert run_cell(cell).finished


@pytest.mark.parametrize("override", ["strategy.neighbours=5", "+evaluation.utterances_per_speaker.dev=1"])
def test_nothing_is_written_when_the_input_is_bad(override: str, make_cell: MakeCell, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        run_cell(make_cell(override))
    assert not (tmp_path / "results").exists()


def test_base_voices_are_scored_beside_the_new_ones_when_a_cell_runs(make_cell: MakeCell) -> None:
    folder = run_cell(make_cell("epochs=0", "metrics=[secs,secs_ge2e]", "evaluation.retention_utterances=3"))
    scores = folder.table("scores")
    retained = scores[scores["split"] == "retention"]
    assert set(retained["speaker"]) < {"ada", "ben", "cleo", "dan"}, "and not the row that was never trained"
    assert set(retained["metric"]) == {"secs"}, "the base brings no voiceprints of the other judge"
    assert retained["value"].between(-1, 1).all()


def test_same_further_sentences_are_spoken_by_all_voices_when_asked_for(make_cell: MakeCell) -> None:
    folder = run_cell(
        make_cell(
            "steps=2",
            "eval_every=1",
            "metrics=[secs,speaking_rate]",
            "+evaluation.utterances_per_speaker.validation=1",
            "evaluation.validation_sentences=2",
            "evaluation.test_texts=2",
            "evaluation.retention_utterances=6",
        )
    )
    texts, scores = folder.table("texts"), folder.table("scores")
    assert list(texts.columns) == ["split", "speaker", "utterance", "text"]
    said = texts.groupby(["split", "speaker"])["utterance"].agg(list).to_dict()
    assert said["texts", "040"] == said["texts", "041"] == ["english/001", "english/002"]
    assert said["validation", "040"] == ["val/040/000", "english/200"]
    assert said["test", "040"] == ["test/040/000"]
    retained = texts[texts["split"] == "retention"]
    assert set(texts.loc[texts["split"] == "texts", "text"]) <= set(retained["text"])
    assert len(retained) == retained["text"].nunique() == 4, "the 2 texts, and of each recorded split its sentence"
    judged = scores[["split", "speaker", "utterance"]].drop_duplicates()
    assert len(judged.merge(texts)) == len(judged) == len(texts)
    paced = scores[scores["metric"] == "speaking_rate"]
    assert set(paced["utterance"]) == {"val/040/000", "val/041/000", "test/040/000", "test/041/000"}
    chosen = folder.record["chosen"]["step"]
    spoken = {split: set(rows["step"]) for split, rows in scores.groupby("split")}
    of_both = {key: {0, chosen} for key in ("test", "retention")}
    assert spoken == {"validation": {0, 1, 2}, "texts": {chosen}} | of_both
    assert {entry["split"] for entry in folder.record["summary"]} == set(spoken)


def test_earlier_weights_are_kept_when_the_last_are_shown_worse(
    make_cell: MakeCell, monkeypatch: pytest.MonkeyPatch
) -> None:
    overrides = ("metrics=[secs]", "+evaluation.utterances_per_speaker.validation=1", "eval_every=1")
    monkeypatch.setattr(Selection, "_is_better", lambda *_: True)
    monkeypatch.setattr(Selection, "best", lambda _, rows, __: 1 if set(rows["step"]) > {0} else 0)
    folder = run_cell(make_cell(*overrides, "steps=3", "name=all"))
    chosen = folder.record["chosen"]
    assert (chosen["step"], chosen["by"]) == (1, "shown better than the last by validation secs")
    assert {entry["step"] for entry in folder.record["summary"]} == {1}
    assert {entry["split"] for entry in folder.record["summary"]} == {"validation", "test", "retention"}
    monkeypatch.undo()
    stopped = run_cell(make_cell(*overrides, "name=until", "steps=1"))
    assert stopped.record["chosen"]["step"] == 1
    kept, at_its_end = (load_tensors(cell.path / "generator.safetensors") for cell in (folder, stopped))
    assert all(torch.equal(kept[name], at_its_end[name]) for name in kept)
    assert not folder.best.exists()


@pytest.mark.parametrize(
    ("strategy", "teachers"),
    [("random", []), ("mean", []), ("nearest", ["ecapa-voxceleb"]), ("ecapa", ["ecapa-voxceleb"])],
)
def test_judges_that_helped_are_written_down_when_a_strategy_used_them(
    strategy: str, teachers: list[str], make_cell: MakeCell
) -> None:
    folder = run_cell(make_cell(f"strategy={strategy}", "epochs=0", "metrics=[secs]"))
    assert folder.record["teachers"] == teachers
