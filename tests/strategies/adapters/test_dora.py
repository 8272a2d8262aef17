from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from strategies.adapters.dora import DoRA
from vits.common.errors import InputError
from vits.model_spec import PARTS, ModelSpec
from vits.synthesizer import Synthesizer

AudioOf = Callable[[Synthesizer], Tensor]
EVERYWHERE = DoRA(rank=2, targets=list(PARTS), layers="all")


@pytest.fixture
def synthesizer(miniature: Synthesizer) -> Synthesizer:
    """Four base speakers and a new one."""
    miniature.speaker_embedding.add(torch.randn(8))
    return miniature


def gate(synthesizer: Synthesizer) -> nn.Conv1d:
    """A layer with weight norm and a kernel of 5."""
    layer = synthesizer.flow.get_submodule("couplings.0.shift.wavenet.gates.0")
    assert isinstance(layer, nn.Conv1d)
    return layer


@torch.no_grad()
def learn(synthesizer: Synthesizer) -> None:
    """Move all that was added."""
    generator = torch.Generator().manual_seed(0)
    for name, parameter in synthesizer.named_parameters():
        if name.rpartition(".")[2] in ("up", "down", "length"):
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))


def test_audio_is_the_bases_bit_for_bit_when_nothing_was_trained(synthesizer: Synthesizer, audio_of: AudioOf) -> None:
    before = audio_of(synthesizer)
    EVERYWHERE.attach(synthesizer)
    assert torch.equal(audio_of(synthesizer), before)


def test_weight_has_the_learned_lengths_and_the_changed_direction(synthesizer: Synthesizer) -> None:
    layer = gate(synthesizer)
    base = layer.weight.detach().clone()
    EVERYWHERE.attach(synthesizer)
    learn(synthesizer)
    change = layer.get_submodule("parametrizations.weight.1")
    up, down = change.get_parameter("direction.up"), change.get_parameter("direction.down")
    length = change.get_parameter("length")
    direction = (base + 16.0 / 2 * (up @ down).view_as(base)).flatten(1)
    expected = length.unsqueeze(1) * direction / direction.norm(dim=1, keepdim=True)
    torch.testing.assert_close(layer.weight.flatten(1), expected)
    torch.testing.assert_close(layer.weight.flatten(1).norm(dim=1), length)


def test_gradient_takes_the_length_that_is_divided_by_for_a_constant(synthesizer: Synthesizer) -> None:
    layer = gate(synthesizer)
    EVERYWHERE.attach(synthesizer)
    learn(synthesizer)
    change = layer.get_submodule("parametrizations.weight.1")
    target = torch.randn(layer.weight.shape, generator=torch.Generator().manual_seed(1))
    (layer.weight * target).sum().backward()
    up, down = change.get_parameter("direction.up"), change.get_parameter("direction.down")
    changed = layer.get_submodule("parametrizations.weight.0")(*original(layer)) + 8.0 * (up @ down).view_as(target)
    factor = change.get_parameter("length") / changed.detach().flatten(1).norm(dim=1)
    expected = 8.0 * (factor.unsqueeze(1) * target.flatten(1)) @ down.mT
    torch.testing.assert_close(up.grad, expected.detach())


def original(layer: nn.Module) -> list[Tensor]:
    """What weight norm makes the weight of: lengths and directions."""
    parameters = layer.get_submodule("parametrizations.weight")
    return [parameters.get_parameter("original0"), parameters.get_parameter("original1")]


def test_audio_and_structure_are_kept_when_what_was_learned_is_merged(
    synthesizer: Synthesizer, audio_of: AudioOf
) -> None:
    names, base_audio = list(synthesizer.state_dict()), audio_of(synthesizer)
    EVERYWHERE.attach(synthesizer)
    learn(synthesizer)
    before = audio_of(synthesizer)
    assert not torch.allclose(before[..., :100], base_audio[..., :100], atol=1e-5)
    assert EVERYWHERE.merge(synthesizer)
    assert sorted(synthesizer.state_dict()) == sorted(names)
    assert torch.allclose(audio_of(synthesizer), before, atol=1e-5)


def test_a_number_for_each_output_joins_loras_when_the_model_is_tiny(tiny_spec: ModelSpec) -> None:
    synthesizer = tiny_spec.synthesizer(1)
    before = sum(p.numel() for p in synthesizer.parameters())
    DoRA().attach(synthesizer)
    lengths = [p.numel() for name, p in synthesizer.named_parameters() if name.endswith(".length")]
    assert sum(p.numel() for p in synthesizer.parameters()) - before == 90_112 + sum(lengths)
    assert sum(lengths) == 6_496


def test_rank_is_refused_when_below_one() -> None:
    with pytest.raises(InputError, match=r"adapter\.rank=0 must be a whole number of at least 1"):
        DoRA(rank=0)
