from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from miniature_passes import train_on
from torch import Tensor, nn

from strategies.adapters.lora import LoRA
from strategies.freeze.all_but_embedding import AllButEmbedding
from strategies.freeze.freeze_policy import apply_freeze, shared_parameters
from vits.checkpoint import load_weights, save_weights
from vits.common.errors import InputError
from vits.corpus.batching import collate
from vits.corpus.features import PreparedUtterance
from vits.model_spec import PARTS, ModelSpec
from vits.synthesizer import Synthesizer

AudioOf = Callable[[Synthesizer], Tensor]
EVERYWHERE = LoRA(rank=2, targets=list(PARTS), layers="all")


@pytest.fixture
def synthesizer(miniature: Synthesizer) -> Synthesizer:
    """Four base speakers and a new one."""
    miniature.speaker_embedding.add(torch.randn(8))
    return miniature


def train(synthesizer: Synthesizer, utterances: list[PreparedUtterance]) -> None:
    train_on(synthesizer, collate(utterances, {"new": 4, "other": 4}))


def weights_in_use(synthesizer: Synthesizer) -> dict[str, Tensor]:
    """The weight that each layer multiplies with."""
    layers = (nn.Conv1d, nn.Linear)
    return {n: m.weight.detach() for n, m in synthesizer.named_modules() if isinstance(m, layers)}


def test_audio_is_the_bases_bit_for_bit_when_nothing_was_trained(synthesizer: Synthesizer, audio_of: AudioOf) -> None:
    before = audio_of(synthesizer)
    weights = {name: tensor.clone() for name, tensor in weights_in_use(synthesizer).items()}
    EVERYWHERE.attach(synthesizer)
    assert all(torch.equal(weight, weights[name]) for name, weight in weights_in_use(synthesizer).items())
    assert torch.equal(audio_of(synthesizer), before)


def test_base_parameters_stay_the_same_objects_when_attached(synthesizer: Synthesizer) -> None:
    before = {id(parameter) for parameter in synthesizer.parameters()}
    EVERYWHERE.attach(synthesizer)
    after = {id(parameter) for parameter in synthesizer.parameters()}
    assert before < after


def test_only_the_adapter_and_new_rows_move_when_all_else_is_frozen(
    synthesizer: Synthesizer, utterances: list[PreparedUtterance]
) -> None:
    shared = shared_parameters(synthesizer)
    LoRA(rank=2).attach(synthesizer)
    trained = apply_freeze(AllButEmbedding(), synthesizer, shared)
    before = {name: tensor.clone() for name, tensor in synthesizer.state_dict().items()}
    train(synthesizer, utterances)
    moved = {name for name, tensor in synthesizer.state_dict().items() if not torch.equal(tensor, before[name])}
    assert moved == set(trained)
    assert {name.rpartition(".")[2] for name in moved} == {"up", "down", "0"}
    assert {name.split(".")[0] for name in moved} == {"text_encoder", "flow", "speaker_embedding"}


def test_audio_and_structure_are_kept_when_what_was_learned_is_merged(
    synthesizer: Synthesizer, utterances: list[PreparedUtterance], audio_of: AudioOf
) -> None:
    names, base_audio = list(synthesizer.state_dict()), audio_of(synthesizer)
    EVERYWHERE.attach(synthesizer)
    train(synthesizer, utterances)
    before = audio_of(synthesizer)
    assert not torch.allclose(before[..., :100], base_audio[..., :100], atol=1e-5)
    EVERYWHERE.merge(synthesizer)
    assert sorted(synthesizer.state_dict()) == sorted(names)
    assert torch.allclose(audio_of(synthesizer), before, atol=1e-5)


def test_audio_is_the_trained_one_when_weights_are_loaded_into_another_model(
    synthesizer: Synthesizer,
    utterances: list[PreparedUtterance],
    audio_of: AudioOf,
    miniature_spec: ModelSpec,
    tmp_path: Path,
) -> None:
    EVERYWHERE.attach(synthesizer)
    train(synthesizer, utterances)
    save_weights(synthesizer, tmp_path / "weights.safetensors")
    other = miniature_spec.synthesizer(4)
    other.speaker_embedding.add(torch.zeros(8))
    EVERYWHERE.attach(other)
    load_weights(other, tmp_path / "weights.safetensors")
    assert torch.equal(audio_of(other), audio_of(synthesizer))


def test_weight_is_the_formulas_when_both_matrices_are_set(synthesizer: Synthesizer) -> None:
    layer = synthesizer.flow.get_submodule("couplings.0.shift.wavenet.gates.0")  # weight norm, kernel of 5
    assert isinstance(layer, nn.Conv1d)
    base = layer.weight.detach().clone()
    LoRA(rank=2, alpha=3.0, layers="all").attach(synthesizer)
    change = layer.get_submodule("parametrizations.weight.1")
    up, down = change.get_parameter("up"), change.get_parameter("down")
    assert (up.shape, down.shape) == ((base.shape[0], 2), (2, base[0].numel()))
    nn.init.normal_(up)
    assert torch.allclose(layer.weight, base + 3.0 / 2 * (up @ down).view_as(base), atol=1e-6)


@pytest.mark.parametrize(
    ("rank", "layers", "expected"), [(1, "all", 2424), (4, "all", 9696), (1, "dense", 1048), (4, "dense", 4192)]
)
def test_parameters_are_as_many_as_the_formula_says_when_attached(
    rank: int, layers: str, expected: int, synthesizer: Synthesizer
) -> None:
    before = sum(p.numel() for p in synthesizer.parameters())
    shapes = [
        weight.flatten(1).shape
        for name, weight in weights_in_use(synthesizer).items()
        if name.startswith(("text_encoder.", "flow.")) and "unused" not in name
        if layers == "all" or weight.ndim == 2 or weight.shape[2] == 1
    ]
    LoRA(rank=rank, layers=layers).attach(synthesizer)
    added = sum(p.numel() for p in synthesizer.parameters()) - before
    assert added == sum(min(rank, *shape) * sum(shape) for shape in shapes)
    assert added == expected


def test_a_tenth_of_a_million_parameters_are_learned_when_the_model_is_tiny(tiny_spec: ModelSpec) -> None:
    synthesizer = tiny_spec.synthesizer(1)
    before = sum(p.numel() for p in synthesizer.parameters())
    LoRA().attach(synthesizer)
    assert sum(p.numel() for p in synthesizer.parameters()) - before == 90_112


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rank": 0}, "adapter.rank=0 must be a whole number of at least 1"),
        ({"alpha": 0.0}, "adapter.alpha=0.0 must be a finite number above 0"),
        ({"targets": []}, r"adapter.targets=\[\] must be a list of 1 to"),
        ({"targets": ["flows"]}, r"adapter.targets\[0\]='flows' must be text that is one of text_encoder, "),
    ],
)
def test_settings_are_refused_when_they_make_no_adapter(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        LoRA(**settings)  # pyright: ignore[reportArgumentType]
