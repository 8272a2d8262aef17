"""Who speaks in the batch that a model is at, for weights within it that are one voice's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from jaxtyping import Int64
from torch import Tensor


class WhoSpeaks:
    """Knows the speakers' ids of the items that are being computed, and nobody's between passes.

    A model has one of these, and modules within it that differ by the voice look at it: a layer is given what it
    computes with, and not for whom. Where only an embedding is known, which needn't be anybody's, nobody is told.
    """

    def __init__(self) -> None:
        self.ids: Int64[Tensor, "batch"] | None = None
        self._items: dict[int, Int64[Tensor, "_"]] | None = None

    @contextmanager
    def told(self, ids: Int64[Tensor, "batch"] | None) -> Iterator[None]:
        """These speak while the block runs, one id an item; None for nobody in particular."""
        before = self.ids, self._items
        self.ids, self._items = ids, None
        try:
            yield
        finally:
            self.ids, self._items = before

    @property
    def items(self) -> Mapping[int, Int64[Tensor, "_"]]:
        """The places in the batch of each speaker in it, by id; found once a pass, as it waits for the device."""
        if self._items is None:
            listed = [] if self.ids is None else self.ids.tolist()
            device = None if self.ids is None else self.ids.device
            self._items = {
                speaker: torch.tensor([place for place, other in enumerate(listed) if other == speaker], device=device)
                for speaker in dict.fromkeys(listed)
            }
        return self._items
