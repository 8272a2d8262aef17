from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from vits.attention import RelativeAttention, SpeakerConditionedEncoder, TransformerEncoder, pair_mask
from vits.common.errors import InputError
from vits.layers import length_mask

CHANNELS = 6


def naive(attention: RelativeAttention, x: Tensor, valid: int) -> Tensor:
    """Shaw et al., equations 3 and 4, one pair at a time, over the valid positions of one item."""
    width = attention.head_channels
    query, key, value = (
        layer(x.unsqueeze(0))[0, :, :valid] for layer in (attention.query, attention.key, attention.value)
    )
    attended = torch.zeros(CHANNELS, valid)
    for head in range(attention.n_heads):
        rows = slice(head * width, (head + 1) * width)
        q, k, v = query[rows], key[rows], value[rows]
        for i in range(valid):
            near = {}
            if attention.window is not None:
                near = {j: j - i + attention.window for j in range(valid) if abs(j - i) <= attention.window}
            scores = [
                q[:, i] @ (k[:, j] + attention.key_offsets[0, near[j]] if j in near else k[:, j]) / math.sqrt(width)
                for j in range(valid)
            ]
            weights = torch.softmax(torch.stack(scores), dim=0)
            for j in range(valid):
                spoken = v[:, j] + attention.value_offsets[0, near[j]] if j in near else v[:, j]
                attended[rows, i] += weights[j] * spoken
    return attention.output(attended.unsqueeze(0))[0]


@settings(max_examples=25)
@given(
    n_heads=st.sampled_from([1, 2, 3]),
    window=st.sampled_from([None, 1, 2, 4]),
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=2),
    seed=st.integers(0, 1000),
)
@torch.no_grad()
def test_attention_equals_a_loop_over_pairs_when_some_are_masked(
    n_heads: int, window: int | None, lengths: list[int], seed: int
) -> None:
    torch.manual_seed(seed)
    attention = RelativeAttention(CHANNELS, n_heads, window=window, dropout=0.0)
    x = torch.randn(len(lengths), CHANNELS, max(lengths))
    attended = attention(x, pair_mask(length_mask(torch.tensor(lengths))))
    for item, valid in enumerate(lengths):
        torch.testing.assert_close(attended[item, :, :valid], naive(attention, x[item], valid), atol=1e-5, rtol=1e-4)


def test_pairs_are_valid_only_when_both_positions_are() -> None:
    assert pair_mask(length_mask(torch.tensor([2]), 3)).tolist() == [[[[1, 1, 0], [1, 1, 0], [0, 0, 0]]]]


def test_heads_are_refused_when_they_do_not_divide_the_channels() -> None:
    with pytest.raises(InputError, match="n_heads=4 must divide the 6 channels"):
        RelativeAttention(6, 4, window=None, dropout=0.0)


def test_layers_are_refused_when_none_hears_the_speaker() -> None:
    with pytest.raises(InputError, match="n_layers=2 leaves no layer"):
        SpeakerConditionedEncoder(6, 6, n_heads=2, n_layers=2, kernel_size=3, speaker_channels=4)


@torch.no_grad()
def test_speaker_changes_the_encoding_when_conditioned() -> None:
    torch.manual_seed(0)
    encoder = SpeakerConditionedEncoder(6, 12, n_heads=2, n_layers=3, kernel_size=3, speaker_channels=4).eval()
    x, mask = torch.randn(1, 6, 7), torch.ones(1, 1, 7)
    one, other = encoder(x, mask, torch.randn(1, 4, 1)), encoder(x, mask, torch.randn(1, 4, 1))
    assert (one - other).abs().max() > 0.01


@torch.no_grad()
def test_distant_input_matters_when_attention_has_a_window() -> None:
    torch.manual_seed(0)
    encoder = TransformerEncoder(6, 12, n_heads=2, n_layers=1, kernel_size=3, window=1).eval()
    x, mask = torch.randn(1, 6, 20), torch.ones(1, 1, 20)
    changed = x.clone()
    changed[:, :, -1] += 1
    assert (encoder(changed, mask) - encoder(x, mask))[:, :, 0].abs().max() > 1e-5
