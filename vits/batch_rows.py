"""Some rows of a batch, computed apart from the others with the random numbers that they have beside them.

What is random is drawn for the whole batch, and the rows take theirs. So it doesn't matter into how many parts a batch
is divided, nor who computes which.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class BatchRows:
    """Neighbouring rows, from `start` up to `end`, of a batch that has `size`."""

    start: int
    end: int
    size: int

    @property
    def rows(self) -> slice:
        """Where they are in the whole."""
        return slice(self.start, self.end)

    @property
    def are_all(self) -> bool:
        return self.end - self.start == self.size

    def whole(self, shape: Sequence[int]) -> tuple[int, ...]:
        """The shape for the whole batch of what has this shape for the rows."""
        return (self.size, *shape[1:])


class NoiseOfRows:
    """The source of noise for a whole batch, of which some rows take theirs.

    No dataclass, since Fabric looks for tensors in those that a model is given.
    """

    def __init__(self, generator: torch.Generator, place: BatchRows) -> None:
        self.generator = generator
        self.place = place

    def gaussian(self, like: Tensor) -> Tensor:
        """Standard normal numbers in the shape of `like`, which is of these rows."""
        shape = self.place.whole(like.shape)
        return torch.randn(shape, generator=self.generator, device=like.device, dtype=like.dtype)[self.place.rows]

    def uniform(self, shape: Sequence[int], device: torch.device) -> Tensor:
        """Numbers from 0 to 1 in this shape, which is of these rows."""
        return torch.rand(self.place.whole(shape), generator=self.generator, device=device)[self.place.rows]


BatchNoise = torch.Generator | NoiseOfRows | None
"""One source for a batch or for a part of it, or torch's own."""


class DrawsByRow(nn.Module):
    """A module that draws for each row of a batch in training, from torch's own generator.

    `place` says which rows of a batch its next input is of; None means all.
    """

    place: BatchRows | None = None

    def whole(self, shape: Sequence[int]) -> tuple[int, ...]:
        """The shape to draw in, for an input of this shape."""
        return tuple(shape) if self.place is None else self.place.whole(shape)

    def own(self, drawn: Tensor) -> Tensor:
        """The numbers of the input's rows among all that were drawn."""
        return drawn if self.place is None else drawn[self.place.rows]


class RowDropout(DrawsByRow):
    """Zeros in place of a share of the numbers, and the others larger, in training (Srivastava et al., 2014)."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if self.place is None or not self.training or self.p == 0:
            return nn.functional.dropout(x, self.p, self.training)
        drawn = nn.functional.dropout(self._ones(x), self.p)
        return x * (self.own(drawn) != 0) / (1 - self.p)

    def _ones(self, x: Tensor) -> Tensor:
        """As many as the whole batch has, in memory as `x` is, since that is the order in which it is drawn."""
        by_stride = sorted(range(1, x.ndim), key=lambda dimension: -x.stride(dimension))
        layout = (0, *by_stride)
        return torch.empty_permuted(self.whole(x.shape), layout, dtype=x.dtype, device=x.device).fill_(1)


@contextmanager
def drawing_as_part(module: nn.Module, place: BatchRows) -> Iterator[None]:
    """Let all that draws within a module draw what these rows of a batch have beside the others."""
    drawing = [] if place.are_all else [part for part in module.modules() if isinstance(part, DrawsByRow)]
    for part in drawing:
        part.place = place
    try:
        yield
    finally:
        for part in drawing:
            part.place = None
