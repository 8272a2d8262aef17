"""Pretraining as a user runs it: stopped, resumed, and made into a bundle that a cell can start from."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from hydra import compose, initialize_config_dir

from runners.bases.base import PretrainedBase
from runners.cli.entry_point import CONF
from runners.config.composed_pretraining import pretraining_from
from runners.config.registration import register_options
from runners.pretraining.bundle_writing import read_teachers
from runners.pretraining.loss_log import LossLog
from runners.pretraining.pretraining_run import Pretraining
from runners.pretraining.validation import read_validation
from runners.results.lease import Lease
from vits.bundle import load_bundle
from vits.checkpoint import load_tensors
from vits.common.errors import InputError

RunScript = Callable[..., subprocess.CompletedProcess[str]]
Compose = Callable[[], Pretraining]


@pytest.fixture(scope="module")
def whole(here: Path, pretraining_arguments: list[str], run_here: RunScript) -> subprocess.CompletedProcess[str]:
    """Four steps in one go."""
    return run_here("pretrain.py", *pretraining_arguments, "name=whole", "steps=4", cwd=here)


@pytest.fixture(scope="module")
def bundle(whole: subprocess.CompletedProcess[str], here: Path) -> Path:
    assert whole.returncode == 0, whole.stderr
    return here / "pretraining" / "whole" / "bundle"


@pytest.fixture
def compose_pretraining(pretraining_arguments: list[str]) -> Compose:
    """The run that the arguments stand for."""

    def compose_it() -> Pretraining:
        register_options()
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return pretraining_from(compose("pretrain", pretraining_arguments))

    return compose_it


def test_bundle_is_a_base_when_pretrained(bundle: Path, small_spec: Any) -> None:
    loaded = load_bundle(bundle)
    assert loaded.spec.parts == small_spec.parts
    assert [(speaker.name, speaker.utterances) for speaker in loaded.speakers] == [("040", 4), ("041", 4)]
    assert torch.allclose(loaded.voiceprints.norm(dim=1), torch.ones(2))
    assert loaded.voiceprints[0] @ loaded.voiceprints[1] < 0.6
    assert PretrainedBase(str(bundle)).start(None).warnings == ()


def test_card_and_log_tell_of_the_training_when_pretrained(
    whole: subprocess.CompletedProcess[str], bundle: Path
) -> None:
    card = (bundle / "card.md").read_text(encoding="utf-8")
    assert card in whole.stdout
    assert "2 voices, 8 utterances; step 0 of 4" in whole.stdout.splitlines()
    assert "- Data: 2 voices, 8 utterances, 0 minutes at 16000 Hz." in card
    assert "4 steps of 3 utterances" in card
    assert "3 of them with discriminators" in card
    scores, validations = (
        [line for line in part.splitlines() if line.startswith("|")] for part in card.split("Validation sentences")
    )
    for rows in (scores, validations):
        assert len({row.count("|") for row in rows}) == 1, "every row of a table has the same cells"
    assert [row.split("|")[1].strip() for row in validations[2:]] == ["2", "4"]
    assert [row.split("|")[1].strip() for row in scores[2:]] == [
        "from text",
        "copy-synthesis",
        "recording",
        "recordings of other speakers",
    ]
    log = pd.read_csv(bundle.parent / "state" / "losses.csv")
    assert list(log.columns) == ["step", "loss", "value"]
    assert set(log["step"]) == {1, 2, 3, 4}
    assert set(log.loc[log["loss"] == "adversarial", "step"]) == {2, 3, 4}


def test_best_step_is_kept_when_validated(bundle: Path) -> None:
    rows = pd.read_csv(bundle.parent / "state" / "validation.csv", dtype={"speaker": str})
    assert set(rows["speaker"]) == {"040", "041"}
    means = rows.groupby("step")["value"].mean()
    assert sorted(means.index) == [2, 4]
    kept = load_tensors(bundle.parent / "best.safetensors")
    assert f"- Kept: step {means.idxmax()}, " in (bundle / "card.md").read_text(encoding="utf-8")
    weights = load_tensors(bundle / "generator.safetensors")
    assert all(torch.equal(kept[f"synthesizer/{name}"], tensor) for name, tensor in weights.items())
    for step in (2, 4):
        assert len(list((bundle.parent / "samples" / f"step={step:07}").glob("*.flac"))) == 2
    assert len(list((bundle.parent / "samples" / "kept-test").glob("*-recording.flac"))) == 2


def test_weights_are_those_of_the_base_when_it_starts_from_one(
    bundle: Path, here: Path, pretraining_arguments: list[str], run_here: RunScript
) -> None:
    mine = [argument for argument in pretraining_arguments if not argument.startswith("model")]
    overrides = (
        "name=more",
        f"start_from={bundle}",
        "model=of_base",
        "steps=1",
        "training.optimizer.learning_rate=1e-12",
    )
    result = run_here("pretrain.py", *mine, *overrides, cwd=here)
    assert result.returncode == 0, result.stderr
    folders = (bundle, here / "pretraining" / "more" / "bundle")
    for name in ("generator", "adversary"):
        one, two = (load_tensors(folder / f"{name}.safetensors") for folder in folders)
        assert one.keys() == two.keys()
        for key in one:
            torch.testing.assert_close(one[key], two[key], atol=1e-9, rtol=1e-9)
    anew = run_here("pretrain.py", *mine, *overrides, "name=anew", "fresh_rows=true", cwd=here)
    assert anew.returncode == 0, anew.stderr
    one, two = (
        load_tensors(folder / "generator.safetensors") for folder in (bundle, here / "pretraining" / "anew" / "bundle")
    )
    differing = {key for key in one if not torch.allclose(one[key], two[key], atol=1e-9, rtol=1e-9)}
    assert differing == {"speaker_embedding.weight"}
    refused = run_here(
        "pretrain.py", *pretraining_arguments, "name=no", f"start_from={bundle}", "model.hidden_channels=32", cwd=here
    )
    assert refused.returncode == 2
    assert "is another model than model=... asks for; use model=of_base" in refused.stderr


def test_bundle_is_bit_identical_when_stopped_and_resumed(
    bundle: Path, here: Path, pretraining_arguments: list[str], run_here: RunScript
) -> None:
    for steps in (2, 4):
        result = run_here("pretrain.py", *pretraining_arguments, "name=parts", f"steps={steps}", cwd=here)
        assert result.returncode == 0, result.stderr
        assert f"2 voices, 8 utterances; step {steps - 2} of {steps}" in result.stdout.splitlines()
    parts = here / "pretraining" / "parts"
    for name in ("generator", "adversary", "voiceprints"):
        one, two = (load_tensors(folder / f"{name}.safetensors") for folder in (bundle, parts / "bundle"))
        assert one.keys() == two.keys()
        assert all(torch.equal(one[key], two[key]) for key in one)
    assert (parts / "state" / "losses.csv").read_bytes() == (bundle.parent / "state" / "losses.csv").read_bytes()


def test_training_goes_on_when_only_the_state_was_brought_along(
    bundle: Path, here: Path, pretraining_arguments: list[str], run_here: RunScript
) -> None:
    moved = here / "pretraining" / "moved"
    shutil.copytree(bundle.parent / "state", moved / "state")
    result = run_here("pretrain.py", *pretraining_arguments, "name=moved", "steps=5", cwd=here)
    assert result.returncode == 0, result.stderr
    assert "; step 4 of 5\n" in result.stdout
    assert "best.safetensors is gone: the best step is chosen among those from here on\n" in result.stdout
    assert "- Kept: step 5, " in (moved / "bundle" / "card.md").read_text(encoding="utf-8")
    assert set(pd.read_csv(moved / "state" / "losses.csv")["step"]) == {1, 2, 3, 4, 5}


def test_two_devices_share_every_batch_when_asked_for(
    here: Path, bundle: Path, pretraining_arguments: list[str], run_script: RunScript
) -> None:
    for steps in (2, 4):
        result = run_script("pretrain.py", *pretraining_arguments, "name=two", "devices=2", f"steps={steps}", cwd=here)
        assert result.returncode == 0, result.stderr
        assert result.stdout.count("2 voices, 8 utterances; step ") == 1, "one of them speaks for both"
    one, two = (
        pd.read_csv(folder / "state" / "losses.csv") for folder in (bundle.parent, here / "pretraining" / "two")
    )
    assert one[["step", "loss"]].equals(two[["step", "loss"]])
    one, two = (table.set_index(["step", "loss"])["value"] for table in (one, two))
    assert two.to_dict() == pytest.approx(one.to_dict(), rel=1e-4), "parts of the same batches"
    assert not two.equals(one), "which other sums round otherwise"


def test_rows_follow_voiceprints_and_the_teacher_is_named_when_rows_are_predicted(
    bundle: Path, here: Path, pretraining_arguments: list[str], run_here: RunScript
) -> None:
    mine = [argument for argument in pretraining_arguments if not argument.startswith("model")]
    overrides = ("name=predicted", f"start_from={bundle}", "model=of_base", "predict_rows=true", "steps=1")
    result = run_here("pretrain.py", *mine, *overrides, cwd=here)
    assert result.returncode == 0, result.stderr
    made = here / "pretraining" / "predicted" / "bundle"
    kept = load_tensors(made.parent / "best.safetensors")
    weight, bias = (kept[f"synthesizer/speaker_embedding.projection.{name}"] for name in ("weight", "bias"))
    rows = load_bundle(made).synthesizer.speaker_embedding.weight
    torch.testing.assert_close(rows, load_bundle(made).voiceprints @ weight.mT + bias)
    assert read_teachers(made) == ("ecapa-voxceleb",)
    assert read_teachers(bundle) == ()
    assert "- Teachers: ecapa-voxceleb; " in (made / "card.md").read_text(encoding="utf-8")


def test_run_is_left_to_the_process_that_is_at_it_when_there_is_one(
    bundle: Path, here: Path, pretraining_arguments: list[str], run_here: RunScript
) -> None:
    held = Lease(bundle.parent)
    assert held.take() is None
    with held:
        before = {path: path.stat().st_mtime_ns for path in bundle.parent.rglob("*")}
        result = run_here("pretrain.py", *pretraining_arguments, "name=whole", "steps=5", cwd=here)
        assert {path: path.stat().st_mtime_ns for path in bundle.parent.rglob("*")} == before
    assert result.returncode == 1
    (told,) = result.stderr.splitlines()
    assert told.startswith(f"error: process {os.getpid()} on ")
    assert told.endswith(" is training pretraining/whole; wait for it, or choose another name=...")
    assert not list((here / "pretraining").glob(".running"))


@pytest.mark.parametrize(
    ("table", "damage", "told"),
    [
        ("losses.csv", lambda rows: rows.replace("step,", "epoch,", 1), "the header is 'epoch,loss,value'"),
        ("losses.csv", lambda rows: rows[: rows.rindex(",")], "fields where the header has 3"),
        ("losses.csv", lambda rows: rows.replace("1,", "one,", 1), "'one'"),
        ("losses.csv", lambda _: "", "header"),
        ("validation.csv", lambda rows: rows.replace("step,", "epoch,", 1), "the header is 'epoch,split,"),
        ("validation.csv", lambda rows: rows[: rows.rindex(",")], "fields where the header has 6"),
        ("validation.csv", lambda _: "\0\1\2", "not UTF-8"),
    ],
)
def test_run_is_refused_in_one_line_when_a_table_of_its_state_is_damaged(
    table: str, damage: Callable[[str], str], told: str, bundle: Path, tmp_path: Path, compose_pretraining: Compose
) -> None:
    state = shutil.copytree(bundle.parent / "state", tmp_path / "state")
    (state / table).write_text(damage((state / table).read_text(encoding="utf-8")), encoding="utf-8")
    run = replace(compose_pretraining(), directory=tmp_path)
    with pytest.raises(InputError, match=re.escape(told)) as error:
        LossLog(run.losses, 1, 4) if table == "losses.csv" else read_validation(run)
    assert "\n" not in str(error.value)
    assert str(state / table) in str(error.value)


def test_nothing_is_written_when_the_validations_are_of_an_earlier_version(
    bundle: Path, here: Path, pretraining_arguments: list[str], run_here: RunScript
) -> None:
    older = here / "pretraining" / "older"
    shutil.copytree(bundle.parent / "state", older / "state")
    table = older / "state" / "validation.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("step,", "epoch,", 1), encoding="utf-8")
    before = {path: path.read_bytes() for path in (older / "state").iterdir()}
    result = run_here("pretrain.py", *pretraining_arguments, "name=older", "steps=5", cwd=here)
    assert result.returncode == 2
    (told,) = result.stderr.splitlines()
    assert told.startswith("error: pretraining/older/state/validation.csv:1: the header is 'epoch,split,")
    assert {path: path.read_bytes() for path in (older / "state").iterdir()} == before
