"""Experiments that `conf/experiment` offers do what their first lines say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir

from runners.cli.entry_point import CONF
from runners.experiment.cell import Cell
from runners.experiment.run_cell import run_cell
from vits.checkpoint import load_tensors

MakeCell = Callable[..., Cell]


@pytest.mark.parametrize(("experiment", "judges"), [("keep_old_voices", 0), ("best", 1)])
def test_base_is_left_as_it_is_by_changes_of_each_voice(
    experiment: str, judges: int, make_cell: MakeCell, material: Any
) -> None:
    cell = make_cell(f"experiment={experiment}", "steps=2", "metrics=[secs]")
    assert len(cell.adaptation.teachers) == len(make_cell().adaptation.teachers) + judges
    folder = run_cell(cell)
    assert folder.path.parent.name == experiment
    base, trained = (load_tensors(path / "generator.safetensors") for path in (material.base, folder.path))
    rows = base.pop("speaker_embedding.weight")
    assert torch.equal(trained["speaker_embedding.weight"][: len(rows)], rows)
    assert all(torch.equal(tensor, trained[name]) for name, tensor in base.items())
    changes = [name for name, tensor in trained.items() if name.endswith(".up") and tensor.any()]
    assert {name.split(".")[0] for name in changes} >= {"text_encoder", "flow", "decoder"}, changes


def test_five_utterances_of_a_voice_are_trained_when_it_is_small(make_cell: MakeCell) -> None:
    corpus, own = (make_cell(f"experiment={name}").corpus for name in ("small", "own"))
    assert (corpus.utterances_per_speaker, own.utterances_per_speaker) == (5, 0)


def test_methods_are_the_plain_ways_and_those_of_each_voice() -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("grid", ["experiment=methods"], return_hydra_config=True)
        tasks = config.hydra.sweeper.params.task.split(",")
        chosen = [compose("grid", ["experiment=methods", f"task={task}"]) for task in tasks]
    assert [(type_of(one.freeze), type_of(one.adapter), sorted(one.penalty)) for one in chosen] == [
        ("FrozenParts", "NoAdapter", ["none"]),
        ("AllButEmbedding", "NoAdapter", ["none"]),
        ("AllButEmbedding", "LoRA", ["none"]),
        ("AllButEmbedding", "LoRA", ["speaker_consistency"]),
    ]


def type_of(option: Any) -> str:
    return option._target_.rpartition(".")[2]
