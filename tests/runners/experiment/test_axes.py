"""A cell with a choice on every axis, from its first step to a bundle that is adapted further."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch

from runners.experiment.cell import Cell
from runners.experiment.run_cell import run_cell
from runners.inference.adapted_model import load_adapted
from runners.results.finished_bundle import ADAPTERS
from strategies.adaptation import Choice
from strategies.adapters.adapter import Adapter
from strategies.context import AdaptationContext
from strategies.initialisers.embedding_init import EmbeddingInit, InitialEmbedding, Initialise
from vits.checkpoint import load_tensors
from vits.common.errors import InputError
from vits.synthesizer import Synthesizer

MakeCell = Callable[..., Cell]
ALL = ("adapter=lora", "penalty=[l2_sp]", "rehearsal=generated", "average=ema", "freeze=decoder")
SHORT = ("epochs=1", "metrics=[secs]", "rehearsal.utterances=4")


def test_finished_cell_is_a_base_when_something_was_chosen_on_every_axis(make_cell: MakeCell, tmp_path: Path) -> None:
    cell = make_cell(*ALL, *SHORT)
    folder = run_cell(cell)
    assert folder.finished
    assert folder.record["axes"] == {
        "strategy": "nearest",
        "freeze": "decoder",
        "adapter": "lora",
        "penalty": "l2_sp",
        "rehearsal": "generated",
        "average": "ema",
    }
    assert "l2_sp" in set(folder.table("losses")["loss"])
    assert not (folder.path / ADAPTERS).exists(), "LoRA is merged into the weights"
    model = load_adapted(folder.path, torch.device("cpu"))
    assert {"040", "041", "ada"} <= set(model.speaker_ids)
    again = run_cell(make_cell("epochs=0", "metrics=[secs]", f"base.path='{folder.path}'", "name=further"))
    weights = load_tensors(again.path / "generator.safetensors")["speaker_embedding.weight"]
    assert len(weights) == 5 + 2 + 2
    assert torch.equal(weights[:7], load_tensors(folder.path / "generator.safetensors")["speaker_embedding.weight"])


def test_film_stays_attached_when_its_cell_is_read_again(make_cell: MakeCell) -> None:
    folder = run_cell(make_cell("adapter=decoder_film", "epochs=0", "metrics=[secs]"))
    assert (folder.path / ADAPTERS).exists()
    model = load_adapted(folder.path, torch.device("cpu"))
    names = {name for name, _ in model.synthesizer.named_parameters()}
    assert any("trunk.conditioning." in name for name in names)


def test_cell_is_refused_when_a_penalty_can_change_nothing(make_cell: MakeCell) -> None:
    cell = make_cell("penalty=[l2_sp]", "freeze=all_but_embedding", "epochs=1", "metrics=[secs]")
    with pytest.raises(InputError, match="l2_sp"):
        run_cell(cell)
    assert not cell.directory.exists()


def test_classes_from_outside_the_packages_run_when_they_are_chosen(make_cell: MakeCell) -> None:
    @dataclass(frozen=True)
    class Last(EmbeddingInit):
        """The last base speaker's row."""

        def prepare(self, context: AdaptationContext) -> Initialise:
            speakers = context.base_speakers
            return lambda enrolment: InitialEmbedding(speakers.embeddings[-1], speakers.names[-1])

    @dataclass(frozen=True)
    class Bias(Adapter):
        """A number that nothing uses."""

        def attach(self, synthesizer: Synthesizer) -> None:
            synthesizer.register_parameter("bias", torch.nn.Parameter(torch.zeros(1)))

        def merge(self, synthesizer: Synthesizer) -> bool:
            del synthesizer.bias
            return True

    cell = make_cell("epochs=0", "metrics=[secs]")
    chosen = replace(cell.adaptation, strategy=Choice("last", Last()), adapter=Choice("bias", Bias()))
    folder = run_cell(replace(cell, adaptation=chosen))
    assert folder.record["axes"]["strategy"] == "last"
    weights = load_tensors(folder.path / "generator.safetensors")["speaker_embedding.weight"]
    assert torch.equal(weights[5], weights[4])
    assert folder.record["trainable"][-1]["trainable"] > 0
