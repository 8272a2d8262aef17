from __future__ import annotations

import pytest
import torch
from torch import nn

from runners.training.optimizer import NamedAdamW, OptimizerSettings
from vits.common.errors import InputError


def network(seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))


def descend(module: nn.Module, optimizer: NamedAdamW, steps: int) -> None:
    x = torch.linspace(-1, 1, 12).view(4, 3)
    for _ in range(steps):
        optimizer.zero_grad()
        module(x).square().sum().backward()
        optimizer.step()


def test_state_carries_the_names_of_parameters_when_saved() -> None:
    module = network(0)
    optimizer = NamedAdamW(module.named_parameters(), OptimizerSettings())
    assert optimizer.named_state() == {}
    descend(module, optimizer, 1)
    expected = {f"{name}:{key}" for name, _ in module.named_parameters() for key in ("step", "exp_avg", "exp_avg_sq")}
    assert optimizer.named_state().keys() == expected


def test_descent_is_bit_identical_when_state_goes_through_names_in_another_order() -> None:
    one = network(0)
    first = NamedAdamW(one.named_parameters(), OptimizerSettings(learning_rate=0.1))
    descend(one, first, 3)
    other = network(1)
    other.load_state_dict(one.state_dict())
    second = NamedAdamW(reversed(list(other.named_parameters())), OptimizerSettings(learning_rate=0.1))
    second.load_named_state(first.named_state())
    descend(one, first, 4)
    descend(other, second, 4)
    assert all(torch.equal(p, q) for p, q in zip(one.parameters(), other.parameters(), strict=True))
    assert all(torch.equal(t, second.named_state()[name]) for name, t in first.named_state().items())


def test_loaded_state_is_a_copy_when_its_source_goes_on() -> None:
    module = network(0)
    optimizer = NamedAdamW(module.named_parameters(), OptimizerSettings())
    descend(module, optimizer, 1)
    state = {name: tensor.clone() for name, tensor in optimizer.named_state().items()}
    other = NamedAdamW(network(1).named_parameters(), OptimizerSettings())
    other.load_named_state(state)
    for tensor in state.values():
        tensor.fill_(7)
    assert all(not torch.equal(t, state[name]) for name, t in other.named_state().items())


def test_other_parameters_start_afresh_when_state_lacks_them() -> None:
    module = network(0)
    optimizer = NamedAdamW(module.named_parameters(), OptimizerSettings())
    descend(module, optimizer, 2)
    part = {name: t for name, t in optimizer.named_state().items() if name.startswith("0.")}
    other = NamedAdamW(network(1).named_parameters(), OptimizerSettings())
    other.load_named_state(part)
    assert other.named_state().keys() == part.keys()


def test_settings_reach_the_optimizer_when_made() -> None:
    settings = OptimizerSettings(learning_rate=0.3, betas=[0.5, 0.6], eps=1e-3, weight_decay=0.4)
    (group,) = NamedAdamW(network(0).named_parameters(), settings).param_groups
    assert (group["lr"], group["betas"], group["eps"], group["weight_decay"]) == (0.3, (0.5, 0.6), 1e-3, 0.4)


def test_optimizer_is_refused_when_it_gets_no_parameters() -> None:
    with pytest.raises(InputError, match="nothing is left to train"):
        NamedAdamW([], OptimizerSettings())


@pytest.mark.parametrize("learning_rate", [0.0, -1e-4])
def test_learning_rate_is_refused_when_not_above_zero(learning_rate: float) -> None:
    with pytest.raises(InputError, match=f"learning_rate={learning_rate} must be a finite number above 0"):
        OptimizerSettings(learning_rate=learning_rate)


@pytest.mark.parametrize(
    ("step", "epoch", "rate"),
    [(0, 0, 0.25), (1, 0, 0.5), (3, 0, 1.0), (9, 0, 1.0), (9, 2, 0.25), (0, 1, 0.125)],
)
def test_rate_warms_up_and_decays_when_time_passes(step: int, epoch: int, rate: float) -> None:
    settings = OptimizerSettings(learning_rate=1.0, warmup_steps=4, lr_decay=0.5)
    assert settings.rate(step, epoch) == pytest.approx(rate)


def test_rate_is_whole_from_the_start_when_there_is_no_warmup() -> None:
    assert OptimizerSettings(learning_rate=2e-4).rate(0, 0) == 2e-4


@pytest.mark.parametrize(("step", "rate"), [(0, 1.0), (10, 1.0), (12, 0.5), (13, 0.25), (14, 0.0), (20, 0.0)])
def test_rate_falls_to_zero_when_cooling_down(step: int, rate: float) -> None:
    settings = OptimizerSettings(learning_rate=1.0, lr_decay=1.0, cooldown_from_step=10, cooldown_steps=4)
    assert settings.rate(step, 0) == pytest.approx(rate)


def test_embeddings_learn_faster_by_the_factor_when_trained_beside_weights() -> None:
    parameters = [("speaker_embedding.added.0", nn.Parameter(torch.zeros(2))), ("w", nn.Parameter(torch.zeros(2)))]
    optimizer = NamedAdamW(parameters, OptimizerSettings(learning_rate=0.01, embedding_rate_factor=5.0))
    optimizer.set_rate(0, 0)
    for _, parameter in parameters:
        parameter.grad = torch.ones(2)
    optimizer.step()
    embedding, weight = (parameter.detach() for _, parameter in parameters)
    torch.testing.assert_close(embedding, 5 * weight)
    assert float(weight[0]) == pytest.approx(-0.01)


def test_state_is_half_as_large_and_resumes_bit_identically_when_moments_have_sixteen_bits() -> None:
    settings = OptimizerSettings(learning_rate=0.1, moment_bits=16)
    one, other = network(0), network(1)
    first = NamedAdamW(one.named_parameters(), settings)
    descend(one, first, 3)
    state = first.named_state()
    assert {key.rpartition(":")[2]: value.element_size() for key, value in state.items()} == {
        "step": 4,
        "exp_avg": 2,
        "exp_avg_sq": 2,
    }
    other.load_state_dict(one.state_dict())
    second = NamedAdamW(other.named_parameters(), settings)
    second.load_named_state(state)
    descend(one, first, 4)
    descend(other, second, 4)
    assert all(torch.equal(p, q) for p, q in zip(one.parameters(), other.parameters(), strict=True))


def test_sixteen_bits_cost_next_to_nothing_when_descending() -> None:
    """After 100 steps both have come equally far down."""
    reached = []
    for bits in (16, 32):
        module = network(0)
        descend(module, NamedAdamW(module.named_parameters(), OptimizerSettings(1e-3, moment_bits=bits)), 100)
        x = torch.linspace(-1, 1, 12).view(4, 3)
        reached.append(float(module(x).detach().square().sum()))
    assert reached[0] == pytest.approx(reached[1], rel=0.02)


def test_moment_bits_are_refused_when_neither_16_nor_32() -> None:
    with pytest.raises(InputError, match="moment_bits=8 must be a whole number that is one of 16, 32"):
        OptimizerSettings(moment_bits=8)
