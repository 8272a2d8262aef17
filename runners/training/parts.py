"""The parts that a batch is divided into: among devices, and on each of them into what is computed at a time.

All parts are padded as the whole batch is, and draw what they draw in it. So the losses of a batch, and their
gradients, are sums of what its parts contribute, whatever the parts are.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from vits.batch_rows import BatchRows
from vits.corpus.batching import Batch, whole_of
from vits.synthesizer import TrainingPass

FRAMES, TOKENS = "kl", "duration"
"""The losses that are means over all frames and over all tokens; the others are means over utterances."""


@dataclass(frozen=True)
class Part:
    """Utterances of a batch that are computed together. `counts` is 0 where another device has them as well."""

    batch: Batch
    place: BatchRows
    counts: bool = True

    def contributions(self, losses: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What the part's losses are of those of the whole batch."""
        if self.place.are_all and self.counts:
            return dict(losses)
        shares = {FRAMES: self._share("spectrogram_lengths"), TOKENS: self._share("token_lengths")}
        return {name: loss * shares.get(name, self.utterances) for name, loss in losses.items()}

    @property
    def utterances(self) -> float:
        """Its share of the batch's utterances."""
        return len(self.batch) / self.place.size * self.counts

    def _share(self, lengths: str) -> Tensor:
        """Its share of the batch's frames or tokens."""
        of_part, of_all = (getattr(batch, lengths).sum() for batch in (self.batch, whole_of(self.batch)))
        return of_part / of_all * self.counts


def parts_of(batch: Batch, device: int, devices: int, accumulate: int) -> list[Part]:
    """One device's share of a batch, in so many parts, or as many as it has utterances; at least one.

    A device without utterances of its own computes the first one, which counts nothing: the others wait for it.
    """
    size = len(batch)
    start, end = size * device // devices, size * (device + 1) // devices
    if start == end:
        return [_part(batch, BatchRows(0, 1, size), counts=False)]
    parts = min(accumulate, end - start)
    ends = [start + (end - start) * n // parts for n in range(parts + 1)]
    return [_part(batch, BatchRows(*between, size)) for between in itertools.pairwise(ends)]


def _part(batch: Batch, place: BatchRows, *, counts: bool = True) -> Part:
    return Part(batch.part(place), place, counts)


class Seen(NamedTuple):
    """A pass over a part, and the recorded audio of the segments that were decoded."""

    made: TrainingPass
    real: Float[Tensor, "batch 1 samples"]


class Passes:
    """The model's passes over the parts that a device has.

    Of a single part there is one, which is kept. Several wouldn't fit into the memory that they are there to save, so
    each is made again for whoever looks at it; it draws the same every time.
    """

    def __init__(self, parts: Sequence[Part], compute: Callable[[Part], Seen]) -> None:
        self._compute = compute
        self._only = compute(parts[0]) if len(parts) == 1 else None

    def shown(self, part: Part) -> Seen:
        """For whoever wants no gradient of the model."""
        if self._only is not None:
            return self._only
        with torch.no_grad():
            return self._compute(part)

    def learned_from(self, part: Part) -> Seen:
        """For whoever wants the gradient of the model."""
        return self._compute(part) if self._only is None else self._only


def added(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Sums by name, without their gradients."""
    return dict(one) | {name: one.get(name, 0) + value.detach() for name, value in other.items()}
