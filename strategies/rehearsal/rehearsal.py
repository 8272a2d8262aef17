"""Which base voices are trained along, so that the model doesn't forget them.

A rehearsal is a frozen dataclass that gives utterances as data; training doesn't know where they come from. To add
one: a class in a file beside this one, `@register("rehearsal", "<name>")`, and `conf/rehearsal/<name>.yaml`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from strategies.context import AdaptationContext
from vits.corpus.features import PreparedUtterance


@dataclass(frozen=True)
class Rehearsed:
    """Utterances to train along, the embedding rows of their speakers, and their share of each batch (0 to 1)."""

    utterances: Sequence[PreparedUtterance] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    share: float = 0.0


class Rehearsal(ABC):
    """What the model practises beside the new voices."""

    @abstractmethod
    def prepare(self, context: AdaptationContext) -> Rehearsed:
        """Make or choose the utterances, once before training.

        Raises:
            InputError: the base has no speakers to rehearse.
        """
