from __future__ import annotations

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from runners.training.sixteen_bit_moments import FIRST, SECOND, packed, round_moments, unpacked

SIZES = st.floats(2**-100, 2**100, width=32)
GRADIENTS = arrays.arrays(np.float32, 20, elements=st.one_of(st.just(0.0), SIZES, SIZES.map(lambda size: -size)))


def rounded(first: np.ndarray) -> dict[str, Tensor]:
    state = {FIRST: torch.tensor(first), SECOND: torch.tensor(first).abs()}
    round_moments(state)
    return state


@given(GRADIENTS)
def test_moments_are_bit_identical_when_packed_and_unpacked(first: np.ndarray) -> None:
    for key, value in rounded(first).items():
        assert packed(key, value).element_size() == 2
        assert torch.equal(unpacked(key, packed(key, value)), value)


@given(GRADIENTS)
def test_moments_are_off_by_half_a_step_at_most_when_rounded(first: np.ndarray) -> None:
    state, exact = rounded(first), torch.tensor(first)
    assert ((state[FIRST] - exact).abs() <= exact.abs() * 2**-8).all()
    assert ((state[SECOND] - exact.abs()).abs() <= exact.abs() * 2**-9).all()


@given(GRADIENTS)
def test_moments_stay_as_they_are_when_rounded_again(first: np.ndarray) -> None:
    state = rounded(first)
    once = {key: value.clone() for key, value in state.items()}
    round_moments(state)
    assert all(torch.equal(state[key], once[key]) for key in state)


@pytest.mark.parametrize("key", [FIRST, SECOND, "step"])
def test_state_stays_as_it_is_when_it_was_never_packed(key: str) -> None:
    value = torch.tensor([0.1, 3.0])
    assert unpacked(key, value) is value


@pytest.mark.parametrize("change", [0.2, 0.6, 1.6, 5.0])
def test_second_moment_follows_gradients_when_their_size_changes(change: float) -> None:
    """Rounding doesn't hold the average back: after 1,000 steps it is within a third of the new mean square."""
    generator = torch.Generator().manual_seed(0)
    state = {FIRST: torch.ones(500), SECOND: torch.ones(500)}
    for _ in range(1000):
        squares = change * torch.randn(500, generator=generator).square()
        state[SECOND].mul_(0.99).add_(squares, alpha=0.01)
        round_moments(state)
    assert float(state[SECOND].mean()) == pytest.approx(change, rel=0.05)
    assert float((state[SECOND] / change).std()) < 0.33
