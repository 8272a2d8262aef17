"""Experiments that `conf/experiment` offers do what their first lines say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from runners.experiment.cell import Cell
from runners.experiment.run_cell import run_cell
from vits.checkpoint import load_tensors

MakeCell = Callable[..., Cell]


def test_base_is_left_as_it_is_when_old_voices_are_kept(make_cell: MakeCell, material: Any) -> None:
    folder = run_cell(make_cell("experiment=keep_old_voices", "steps=2", "metrics=[secs]"))
    assert folder.path.parent.name == "keep_old_voices"
    base, cell = (load_tensors(path / "generator.safetensors") for path in (material.base, folder.path))
    rows = base.pop("speaker_embedding.weight")
    assert torch.equal(cell["speaker_embedding.weight"][: len(rows)], rows)
    assert all(torch.equal(tensor, cell[name]) for name, tensor in base.items())


def test_five_utterances_of_a_voice_are_trained_when_it_is_small(make_cell: MakeCell) -> None:
    corpus, own = (make_cell(f"experiment={name}").corpus for name in ("small", "own"))
    assert (corpus.utterances_per_speaker, own.utterances_per_speaker) == (5, 0)
