"""A cell with a choice on every axis, from its first step to a bundle that is adapted further."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from runners.experiment.cell import Cell
from runners.experiment.run_cell import run_cell
from runners.inference.adapted_model import load_adapted
from runners.results.finished_bundle import ADAPTERS, load_finished, saved_adapters
from strategies.adaptation import Choice
from strategies.adapters.adapter import Adapter
from strategies.adapters.per_voice import place_among_sets
from strategies.average.average import Average, Averaging, Validate
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
        "stop": "none",
    }
    assert "l2_sp" in set(folder.table("losses")["loss"])
    assert not (folder.path / ADAPTERS).exists(), "LoRA is merged into the weights"
    model = load_adapted(folder.path, torch.device("cpu"))
    assert {"040", "041", "ada"} <= set(model.speaker_ids)
    again = run_cell(make_cell("epochs=0", "metrics=[secs]", f"base.path='{folder.path}'", "name=further"))
    weights = load_tensors(again.path / "generator.safetensors")["speaker_embedding.weight"]
    assert len(weights) == 5 + 2 + 2
    assert torch.equal(weights[:7], load_tensors(folder.path / "generator.safetensors")["speaker_embedding.weight"])


def test_every_term_of_several_penalties_is_logged_when_other_choices_are_made(make_cell: MakeCell) -> None:
    chosen = ("strategy=inversion", "adapter=dora", "penalty=[fisher,distillation,speaker_consistency]", "average=tail")
    folder = run_cell(make_cell(*chosen, "epochs=1", "metrics=[secs]", "strategy.steps=2"))
    assert folder.finished
    terms = {"fisher", "distilled_prior", "distilled_latent", "distilled_mel", "speaker_consistency"}
    assert set(folder.table("losses")["loss"]) >= terms
    assert folder.record["teachers"] == ["ecapa-voxceleb", "ge2e"]
    assert not (folder.path / ADAPTERS).exists(), "DoRA is merged into the weights"


def test_converted_sentences_stand_as_such_in_the_record(make_cell: MakeCell) -> None:
    folder = run_cell(make_cell("rehearsal=converted", "rehearsal.utterances=2", "epochs=1", "metrics=[secs]"))
    assert folder.finished
    assert folder.record["rehearsed"] == {"share": 0.25, "utterances": {"converted": {"040": 2, "041": 2}}}
    assert "converted" not in (folder.path / "split.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("strategy", ["ridge", "nearest"])
def test_ecapa_is_no_teacher_when_ge2e_hears_the_base_speak(strategy: str, make_cell: MakeCell) -> None:
    chosen = (f"strategy={strategy}", "strategy.encoder=ge2e", "strategy.sentences=1")
    folder = run_cell(make_cell(*chosen, "epochs=0", "metrics=[secs]"))
    assert folder.finished
    assert folder.record["teachers"] == ["ge2e"]
    assert (len(folder.record["started_from"]) == 2) == (strategy == "nearest")


@pytest.mark.parametrize(
    ("adapter", "part"),
    [
        ("decoder_film", "trunk.conditioning."),
        ("bottleneck", ".bottleneck."),
        ("conditional_norm", ".speaker_scale."),
        ("prefix", ".prefix."),
    ],
)
def test_adapter_stays_attached_when_its_cell_is_read_again(adapter: str, part: str, make_cell: MakeCell) -> None:
    folder = run_cell(make_cell(f"adapter={adapter}", "epochs=0", "metrics=[secs]"))
    assert (folder.path / ADAPTERS).exists()
    model = load_adapted(folder.path, torch.device("cpu"))
    assert any(part in name for name, _ in model.synthesizer.named_parameters())


@pytest.mark.parametrize("adapter", ["lora", "bottleneck"])
def test_finished_cell_speaks_with_each_voices_own_weights(adapter: str, make_cell: MakeCell) -> None:
    chosen = (f"adapter={adapter}", "adapter.per_voice=true", "freeze=all_but_embedding", "strategy=mean")
    cell = make_cell(*chosen, "epochs=2", "metrics=[secs]", "training.optimizer.learning_rate=0.01")
    assert "adapter.per_voice=true" in cell.name
    folder = run_cell(cell)
    assert saved_adapters(folder.path)[0][1].rows == [5, 6]  # pyright: ignore[reportAttributeAccessIssue]
    loaded = load_finished(folder.path).synthesizer.state_dict()
    base = load_finished(Path(cell.base.path)).synthesizer.state_dict()  # pyright: ignore[reportAttributeAccessIssue]
    rows = "speaker_embedding.weight"
    assert all(torch.equal(loaded[name], tensor) for name, tensor in base.items() if name != rows)
    assert torch.equal(loaded[rows][:5], base[rows])
    first, second = ({n for n in loaded if place_among_sets(n) == place} for place in (0, 1))
    assert len(first) == len(second) > 0
    assert all(not torch.equal(loaded[name], loaded[name.replace(".sets.0.", ".sets.1.")]) for name in first)
    model = load_adapted(folder.path, torch.device("cpu"))
    said = [
        model.synthesizer.infer(torch.arange(1, 9)[None], torch.tensor([8]), torch.tensor([row]), noise_scale=0.0).audio
        for row in (model.speaker_ids["040"], model.speaker_ids["041"])
    ]
    assert said[0].shape != said[1].shape or not torch.equal(said[0], said[1])
    again = run_cell(make_cell(*chosen, "epochs=0", "metrics=[secs]", f"base.path='{folder.path}'", "name=further"))
    assert [own.rows for _, own in saved_adapters(again.path)] == [[5, 6], [7, 8]]  # pyright: ignore
    further = load_finished(again.path).synthesizer.state_dict()
    assert all(torch.equal(further[name], loaded[name]) for name in (*first, *second))


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


class Between(Averaging):
    """Goes back on the way from the adapted weights to the base's as far as validation likes best."""

    def __init__(self, base: dict[str, Tensor], merits: dict[float, float]) -> None:
        self.base, self.merits = base, merits
        self.kept: dict[str, Tensor] = {}

    def weights(self) -> Mapping[str, Tensor]:
        return self.kept

    def finish(self, synthesizer: Synthesizer, validate: Validate) -> None:
        adapted = {name: tensor.clone() for name, tensor in synthesizer.state_dict().items() if name in self.base}
        points = {
            share: {name: self.base[name].lerp(adapted[name], share) for name in self.base} for share in (0.0, 0.5)
        }
        for share, self.kept in points.items():
            with self.applied(synthesizer):
                self.merits[share] = validate(synthesizer)
        self.kept = points[max(self.merits, key=lambda share: self.merits[share])]


def average_between(merits: dict[float, float]) -> Choice[Average]:
    """An average from outside the packages, which writes down what validation thinks of the points it tries."""

    @dataclass(frozen=True)
    class BetweenAverage(Average):
        def prepare(self, context: AdaptationContext, synthesizer: Synthesizer) -> Averaging:
            return Between({name: p.detach().clone() for name, p in context.parameters.items()}, merits)

    return Choice("between", BetweenAverage())


def test_point_between_base_and_adapted_weights_is_evaluated_when_an_average_validates(make_cell: MakeCell) -> None:
    cell = make_cell("freeze=none", "epochs=1", "metrics=[secs]", "+evaluation.utterances_per_speaker.validation=1")
    merits: dict[float, float] = {}
    folder = run_cell(replace(cell, adaptation=replace(cell.adaptation, average=average_between(merits))))
    scores = folder.table("scores").query("split == 'validation' and metric == 'secs'")
    means = scores.groupby(["step", "speaker"])["value"].mean().groupby("step").mean()
    assert merits.keys() == {0.0, 0.5}
    assert means[2] == pytest.approx(max(merits.values()), abs=1e-6)
    assert folder.record["axes"]["average"] == "between"


def test_average_is_refused_in_one_line_when_nothing_can_be_validated(make_cell: MakeCell) -> None:
    cell = make_cell("epochs=1", "metrics=[secs]")
    with pytest.raises(InputError, match="needs validation sentences"):
        run_cell(replace(cell, adaptation=replace(cell.adaptation, average=average_between({}))))
