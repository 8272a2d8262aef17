"""When training stops, by how good the model was on validation sentences so far.

A stop is a frozen dataclass that is asked after every evaluation. To add one: a class in a file beside this one,
`@register("stop", "<name>")`, and `conf/stop/<name>.yaml`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping


class Stop(ABC):
    """Whether a training goes on."""

    @property
    def asks_validation(self) -> bool:
        """Whether it has to know how good the model is, so that something must be validated."""
        return True

    @abstractmethod
    def is_over(self, merits: Mapping[int, float]) -> bool:
        """Whether to train no further.

        `merits` say how good the model was at each evaluated step, the one before training among them; higher is
        better, -inf where it couldn't be judged.
        """
