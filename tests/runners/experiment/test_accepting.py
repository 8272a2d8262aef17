"""Finished cells are told by their identities: whatever determines a result and has changed is noticed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runners.bases.base import PretrainedBase
from runners.experiment.accepting import FinishedBefore
from runners.experiment.cell import Cell
from runners.results.cell_folder import CellFolder
from runners.results.lease import Lease

MakeCell = Callable[..., Cell]


@pytest.fixture
def cell(make_cell: MakeCell, material: Any, tmp_path: Path) -> Cell:
    """A cell on copies of the base and the recordings, whose folder says that it is finished."""
    for name in ("base", "corpus"):
        shutil.copytree(getattr(material, name), tmp_path / name)
    choices = ("strategy=mean", "freeze=decoder", "epochs=1", "metrics=[secs]")
    made = make_cell(*choices, f"base.path={tmp_path / 'base'}", f"data.root={tmp_path / 'corpus'}")
    before = FinishedBefore()
    folder = CellFolder(made.directory)
    folder.begin(before.identity(made), made.config_yaml)
    assert not before.has(made), "it has no result yet"
    folder.finish([], {"step": 0})
    assert before.has(made)
    return made


def test_a_cell_is_finished_before_when_all_that_determines_it_is_the_same(
    cell: Cell, material: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = replace(cell, base=PretrainedBase(str(material.base)), device="auto")
    assert FinishedBefore().has(elsewhere)
    assert f"{cell.name}: finished before, not run again ({cell.directory})" in capsys.readouterr().out


def test_a_cell_is_run_when_its_settings_differ(cell: Cell) -> None:
    before = FinishedBefore()
    others = [
        replace(cell, precision="bf16"),
        replace(cell, training=replace(cell.training, batch_size=cell.training.batch_size + 1)),
        replace(cell, evaluation=replace(cell.evaluation, noise_scale=0.1)),
        replace(cell, corpus=replace(cell.corpus, speakers=["040"])),
        replace(cell, more_sentences=1),
    ]
    assert [before.has(other) for other in others] == [False] * len(others)
    assert before.has(cell)


def test_a_cell_is_run_when_its_recordings_or_texts_differ(cell: Cell) -> None:
    root = Path(cell.corpus.root)
    one, other, *_ = sorted((root / "train").rglob("*.opus"))
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    assert not FinishedBefore().has(cell)
    one.write_bytes(kept)
    assert FinishedBefore().has(cell)
    table = root / "metadata.csv"
    written = table.read_text(encoding="utf-8")
    for text, is_finished in ((written.replace("kettle", "teapot"), False), (written, True)):
        table.write_text(text, encoding="utf-8")
        as_another_process_reads_it = replace(cell, corpus=replace(cell.corpus))
        assert FinishedBefore().has(as_another_process_reads_it) == is_finished


def test_a_cell_is_run_when_its_base_differs(cell: Cell, tmp_path: Path) -> None:
    weights = tmp_path / "base" / "generator.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert not FinishedBefore().has(cell)


def test_a_cell_is_left_to_its_own_process_when_its_folder_is_not_as_it_was(cell: Cell) -> None:
    with Lease(cell.directory) as other:
        other.take()
        assert not FinishedBefore().has(cell)
    assert FinishedBefore().has(cell)
    (cell.directory / "config.yaml").write_text("name: changed\n", encoding="utf-8")
    assert not FinishedBefore().has(cell)
