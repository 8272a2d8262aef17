from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from strategies.average.average import Averaging
from strategies.average.ema import EMA
from strategies.context import AdaptationContext, BaseSpeakers
from strategies.freeze.freeze_policy import apply_freeze
from strategies.freeze.frozen_parts import FrozenParts
from vits.common.errors import InputError
from vits.synthesizer import Synthesizer


@pytest.fixture
def averaging(
    miniature: Synthesizer, miniature_speakers: BaseSpeakers, new_context: Callable[..., AdaptationContext]
) -> Callable[[float], Averaging]:
    """Begins to average the miniature model with a new speaker and a frozen decoder."""
    miniature.speaker_embedding.add(torch.zeros(8))
    apply_freeze(FrozenParts(["decoder"]), miniature)
    return lambda decay: EMA(decay).prepare(new_context(miniature_speakers), miniature)


@torch.no_grad()
def wander(synthesizer: Synthesizer) -> None:
    for parameter in synthesizer.parameters():
        if parameter.requires_grad:
            parameter.add_(torch.randn_like(parameter))


def copied(synthesizer: Synthesizer) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in synthesizer.state_dict().items()}


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.99])
def test_average_equals_the_recursion_when_weights_wander(
    decay: float, averaging: Callable[[float], Averaging], miniature: Synthesizer
) -> None:
    average = averaging(decay)
    expected = {n: p.detach().double() for n, p in miniature.named_parameters() if p.requires_grad}
    for step in range(20):
        wander(miniature)
        average.update(step, miniature)
        now = dict(miniature.named_parameters())
        expected = {n: decay * a + (1 - decay) * now[n].detach().double() for n, a in expected.items()}
    assert set(average.weights()) == set(expected)
    assert not any(name.startswith("decoder.") or name == "speaker_embedding.weight" for name in expected)
    for name, tensor in average.weights().items():
        assert torch.allclose(tensor.double(), expected[name], atol=1e-4), name


def test_models_own_weights_are_back_bit_for_bit_when_the_average_was_applied(
    averaging: Callable[[float], Averaging], miniature: Synthesizer
) -> None:
    average = averaging(0.9)
    wander(miniature)
    average.update(0, miniature)
    before = copied(miniature)
    with average.applied(miniature):
        inside = dict(miniature.named_parameters())
        assert all(torch.equal(inside[name], tensor) for name, tensor in average.weights().items())
        assert not torch.equal(miniature.speaker_embedding.added[0], before["speaker_embedding.added.0"])
    assert all(torch.equal(tensor, before[name]) for name, tensor in miniature.state_dict().items())


def test_average_goes_on_bit_for_bit_when_it_was_saved_and_loaded(
    averaging: Callable[[float], Averaging], miniature: Synthesizer
) -> None:
    whole = averaging(0.9)
    for step in range(3):
        wander(miniature)
        whole.update(step, miniature)
    resumed = averaging(0.9)
    saved = {name: tensor.clone() for name, tensor in whole.weights().items()}
    resumed.load(saved)
    wander(miniature)
    for average in (whole, resumed):
        average.update(3, miniature)
    assert all(torch.equal(tensor, whole.weights()[name]) for name, tensor in resumed.weights().items())
    assert not torch.equal(saved["speaker_embedding.added.0"], resumed.weights()["speaker_embedding.added.0"])


def test_saved_average_is_refused_when_it_is_of_other_parameters(averaging: Callable[[float], Averaging]) -> None:
    average = averaging(0.9)
    saved = {name: tensor for name, tensor in average.weights().items() if not name.startswith("flow.")}
    with pytest.raises(InputError, match=r"is of other parameters \(\d+ differ, flow\..* among them\)"):
        average.load(saved)


def test_average_holds_as_many_numbers_as_are_trained_when_it_begins(
    averaging: Callable[[float], Averaging], miniature: Synthesizer
) -> None:
    trained = sum(p.numel() for p in miniature.parameters() if p.requires_grad)
    assert sum(tensor.numel() for tensor in averaging(0.9).weights().values()) == trained == 43_057


@pytest.mark.parametrize("decay", [-0.1, 1.0, float("nan")])
def test_decay_is_refused_when_it_is_no_share(decay: float) -> None:
    with pytest.raises(InputError, match=f"average.decay={decay} must be a finite number of at least 0 and below 1"):
        EMA(decay)
