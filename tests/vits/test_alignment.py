from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from vits.alignment import alignment_scores, expand_durations, noise_scale_at, search_alignment
from vits.layers import length_mask


@st.composite
def sizes(draw: st.DrawFn, longest: int = 7) -> tuple[int, int]:
    """Frames and tokens for which a path exists."""
    frames = draw(st.integers(1, longest))
    return frames, draw(st.integers(1, frames))


def all_paths(frames: int, tokens: int) -> list[Tensor]:
    """Every way to cut the frames into as many non-empty stretches as there are tokens."""
    paths = []
    for cuts in combinations(range(1, frames), tokens - 1):
        path = torch.zeros(frames, tokens)
        for token, (start, end) in enumerate(zip((0, *cuts), (*cuts, frames), strict=True)):
            path[start:end, token] = 1
        paths.append(path)
    return paths


def full(scores: Tensor, **noise: object) -> Tensor:
    """Search without padding."""
    batch, frames, tokens = scores.shape
    return search_alignment(scores, torch.ones(batch, 1, tokens), torch.ones(batch, 1, frames), **noise)


@settings(max_examples=80)
@given(data=st.data(), size=sizes())
def test_path_is_the_best_of_all_when_sizes_are_small(data: st.DataObject, size: tuple[int, int]) -> None:
    # small whole numbers: sums are exact in any order, and ties are frequent
    scores = torch.from_numpy(data.draw(arrays(np.float32, size, elements=st.integers(-50, 50).map(float))))
    found = full(scores.unsqueeze(0))[0]
    candidates = all_paths(*size)
    assert any(torch.equal(found, path) for path in candidates)
    assert (found * scores).sum() == max((path * scores).sum() for path in candidates)


@settings(max_examples=30)
@given(lengths=st.lists(sizes(longest=60), min_size=1, max_size=4), seed=st.integers(0, 1000))
def test_path_is_monotonic_and_complete_when_batch_is_padded(lengths: list[tuple[int, int]], seed: int) -> None:
    frames, tokens = torch.tensor(lengths).unbind(1)
    scores = 100 * torch.randn(
        len(lengths), int(frames.max()), int(tokens.max()), generator=torch.Generator().manual_seed(seed)
    )
    text_mask, frame_mask = length_mask(tokens), length_mask(frames)
    paths = search_alignment(scores, text_mask, frame_mask)
    assert torch.equal(paths.sum(2), frame_mask.squeeze(1)), "each frame speaks one token, padding none"
    assert torch.equal((paths.sum(1) >= 1).float(), text_mask.squeeze(1)), "each token is spoken, padding isn't"
    for path, (n_frames, n_tokens) in zip(paths, lengths, strict=True):
        spoken = path[:n_frames].argmax(1)
        assert spoken[0] == 0
        assert spoken[-1] == n_tokens - 1
        assert set(spoken.diff().tolist()) <= {0, 1}


def test_path_ignores_noise_when_scores_are_far_apart() -> None:
    scores = torch.full((1, 6, 3), -1000.0)
    scores[0, [0, 1, 2, 3, 4, 5], [0, 0, 1, 1, 1, 2]] = 0.0
    noisy = full(scores, noise_scale=0.01, generator=torch.Generator().manual_seed(0))
    assert torch.equal(noisy, full(scores))


def test_noise_follows_its_generator_when_scores_are_close() -> None:
    scores = torch.randn(1, 60, 20, generator=torch.Generator().manual_seed(0))
    one, again, other = (full(scores, noise_scale=1.0, generator=torch.Generator().manual_seed(s)) for s in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


@pytest.mark.parametrize(("step", "scale"), [(0, 0.01), (1, 0.009998), (2500, 0.005), (5000, 0.0), (100_000, 0.0)])
def test_noise_decays_to_nothing_when_steps_pass(step: int, scale: float) -> None:
    assert noise_scale_at(step) == pytest.approx(scale, abs=1e-12)


@settings(max_examples=20)
@given(size=sizes(longest=9), seed=st.integers(0, 1000))
def test_scores_are_log_probabilities_when_prior_is_normal(size: tuple[int, int], seed: int) -> None:
    frames, tokens = size
    generator = torch.Generator().manual_seed(seed)
    z_p = torch.randn(2, 5, frames, generator=generator)
    mean = torch.randn(2, 5, tokens, generator=generator)
    log_deviation = 0.5 * torch.randn(2, 5, tokens, generator=generator)
    prior = torch.distributions.Normal(mean.unsqueeze(2), log_deviation.exp().unsqueeze(2))
    expected = prior.log_prob(z_p.unsqueeze(3)).sum(1)
    torch.testing.assert_close(alignment_scores(z_p, mean, log_deviation), expected, atol=1e-3, rtol=1e-4)


def test_tokens_hold_their_frames_when_durations_are_expanded() -> None:
    durations = torch.tensor([[[2.0, 0.0, 1.0]], [[1.0, 1.0, 0.0]]])
    expanded = expand_durations(durations, length_mask(torch.tensor([3, 2]), 4))
    assert expanded.tolist() == [
        [[1, 0, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]],
        [[1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]],
    ]


@settings(max_examples=30)
@given(size=sizes(longest=40), seed=st.integers(0, 1000))
def test_durations_expand_to_the_path_when_they_are_its_sums(size: tuple[int, int], seed: int) -> None:
    path = full(torch.randn(1, *size, generator=torch.Generator().manual_seed(seed)))
    assert torch.equal(expand_durations(path.sum(1, keepdim=True), torch.ones(1, 1, size[0])), path)
