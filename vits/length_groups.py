"""Items of a padded batch in groups of like length, so that little of what is computed is padding."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor

SHORTEST = 0.9  # of a group, as a share of its longest

Rows = Int64[Tensor, "_"]


def groups_of_like_length(lengths: Int64[Tensor, "batch"]) -> list[Rows]:
    """The rows of each group, the longest first; the shortest of a group has at least 0.9 of its longest."""
    order = lengths.argsort(descending=True, stable=True)
    groups: list[list[int]] = []
    longest = 0
    for row, length in zip(order.tolist(), lengths[order].tolist(), strict=True):
        if not groups or length < SHORTEST * longest:
            groups.append([])
            longest = length
        groups[-1].append(row)
    return [torch.tensor(rows, device=lengths.device) for rows in groups]


def put_together(
    groups: Sequence[Rows], parts: Sequence[Float[Tensor, "_ channels _"]]
) -> Float[Tensor, "batch channels longest"]:
    """What was computed for each group as one batch, in the rows' order, with zeros behind the shorter ones."""
    batch = sum(len(rows) for rows in groups)
    whole = parts[0].new_zeros(batch, parts[0].shape[1], max(part.shape[2] for part in parts))
    for rows, part in zip(groups, parts, strict=True):
        whole[rows, :, : part.shape[2]] = part
    return whole
