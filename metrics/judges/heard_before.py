"""A judge's memory of what it heard: metrics that share a judge ask it about the same clips."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
from jaxtyping import Float32

from vits.common.atomic_files import content_key

T = TypeVar("T")


@dataclass
class Memo(Generic[T]):
    """The last `capacity` results, by the samples they belong to."""

    capacity: int = 4096
    _results: OrderedDict[str, T] = field(default_factory=OrderedDict, repr=False)

    def __call__(
        self,
        waves: Sequence[Float32[np.ndarray, "_"]],
        compute: Callable[[list[Float32[np.ndarray, "_"]]], Sequence[T]],
    ) -> list[T]:
        """A result for each clip, in their order; `compute` sees those that are not remembered, each once."""
        keys = [content_key([wave.tobytes()]) for wave in waves]
        unknown = {key: wave for key, wave in zip(keys, waves, strict=True) if key not in self._results}
        found = {key: self._results[key] for key in keys if key not in unknown}
        if unknown:
            found.update(zip(unknown, compute(list(unknown.values())), strict=True))
        for key in keys:
            self._results[key] = found[key]
            self._results.move_to_end(key)
        while len(self._results) > self.capacity:
            self._results.popitem(last=False)
        return [found[key] for key in keys]
