"""A cell in this process, where every shape and type on its way is checked."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from miniature_material import write_corpus

from runners.bases.base import FromScratch
from runners.experiment.cell import Cell
from runners.experiment.run_cell import run_cell
from runners.results.lease import Lease
from vits.bundle import ADVERSARY
from vits.checkpoint import load_tensors
from vits.common.errors import InputError
from vits.common.registry import registered

MakeCell = Callable[..., Cell]


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


def test_record_says_which_texts_a_recogniser_wrote_when_the_corpus_was_prepared(
    make_cell: MakeCell, tmp_path: Path
) -> None:
    write_corpus(tmp_path / "prepared", lambda source, place: place.symlink_to(source))
    table = pd.read_csv(tmp_path / "prepared" / "metadata.csv", sep="|", dtype=str)
    heard = (table["speaker"] == "040") & (table["split"] != "validation")
    table = table.assign(text_by=["Whisper tiny.en" if by_whisper else "lab" for by_whisper in heard])
    table[["path", "text_by", "text"]].to_csv(tmp_path / "prepared" / "prepared.csv", index=False)
    folder = run_cell(make_cell(f"data.root={tmp_path / 'prepared'}", "epochs=0", "metrics=[secs]"))
    used = pd.read_csv(folder.path / "split.csv", sep="|", dtype=str)
    expected = used[used["speaker"] == "040"]["split"].value_counts().to_dict()
    assert folder.record["recognised"] == {"Whisper tiny.en": expected}
    assert set(expected) == {"train", "test"}


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


@pytest.mark.parametrize(
    ("strategy", "teachers"),
    [("random", []), ("mean", []), ("nearest", ["ecapa-voxceleb"]), ("ecapa", ["ecapa-voxceleb"])],
)
def test_judges_that_helped_are_written_down_when_a_strategy_used_them(
    strategy: str, teachers: list[str], make_cell: MakeCell
) -> None:
    folder = run_cell(make_cell(f"strategy={strategy}", "epochs=0", "metrics=[secs]"))
    assert folder.record["teachers"] == teachers
