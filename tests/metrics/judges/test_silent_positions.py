"""Which positions of a window are computed, and how the others follow."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from metrics.judges.silent_positions import Positions

N_POSITIONS = 100
clips, strides = st.integers(1, N_POSITIONS - 1), st.integers(1, 40)


@given(clips, strides)
def test_computed_positions_are_the_clips_and_the_last_ones_when_few_are_computed(n_clip: int, stride: int) -> None:
    computed = Positions.of(n_clip, N_POSITIONS, stride).computed
    assert (computed.diff() > 0).all()
    assert computed[:n_clip].tolist() == list(range(n_clip))
    assert computed[-1] == N_POSITIONS - 1
    assert computed.diff().max() <= stride


@given(clips, strides, st.integers(0, 100))
def test_states_are_exact_when_what_the_clip_changed_is_linear_in_place(n_clip: int, stride: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    silence = torch.randn(N_POSITIONS, 3, generator=generator)
    slope = torch.randn(2, 3, generator=generator)
    states = silence + slope[0] + torch.linspace(0, 1, N_POSITIONS)[:, None] * slope[1]
    positions = Positions.of(n_clip, N_POSITIONS, stride)
    torch.testing.assert_close(positions.everywhere(states[positions.computed], silence), states, atol=1e-5, rtol=1e-5)


@given(clips, strides)
def test_computed_states_stay_as_they_are_when_the_others_follow(n_clip: int, stride: int) -> None:
    positions = Positions.of(n_clip, N_POSITIONS, stride)
    states = torch.randn(len(positions.computed), 2)
    everywhere = positions.everywhere(states, torch.randn(N_POSITIONS, 2))
    torch.testing.assert_close(everywhere[positions.computed], states, atol=1e-5, rtol=1e-5)
