from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from vits.length_groups import SHORTEST, groups_of_like_length, put_together


@given(lengths=st.lists(st.integers(1, 500), min_size=1, max_size=30))
def test_every_row_is_in_one_group_of_like_length_when_lengths_are_random(lengths: list[int]) -> None:
    groups = groups_of_like_length(torch.tensor(lengths))
    assert sorted(row for rows in groups for row in rows.tolist()) == list(range(len(lengths)))
    for rows in groups:
        own = [lengths[row] for row in rows.tolist()]
        assert min(own) >= SHORTEST * max(own)


def test_rows_return_to_their_places_when_groups_are_put_together() -> None:
    lengths = torch.tensor([3, 10, 1])
    groups = groups_of_like_length(lengths)
    assert [rows.tolist() for rows in groups] == [[1], [0], [2]]
    parts = [torch.full((1, 2, int(lengths[rows].max())), float(rows[0]) + 1) for rows in groups]
    whole = put_together(groups, parts)
    assert whole.shape == (3, 2, 10)
    assert whole.sum((1, 2)).tolist() == [1 * 2 * 3, 2 * 2 * 10, 3 * 2 * 1]
    assert not whole[0, :, 3:].any()
