"""What is trained along that nobody recorded: base voices, so that the model doesn't forget them, or more sentences.

A rehearsal is a frozen dataclass that gives utterances as data; training doesn't know where they come from. To add
one: a class in a file beside this one, `@register("rehearsal", "<name>")`, and `conf/rehearsal/<name>.yaml`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from strategies.context import AdaptationContext
from vits.corpus.features import PreparedUtterance


@dataclass(frozen=True)
class Rehearsed:
    """Utterances to train along, and their share of each batch (0 to 1).

    `rows` are those of the base speakers among their speakers; new voices have none yet. The split of a clip says how
    it was made.
    """

    utterances: Sequence[PreparedUtterance] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    share: float = 0.0

    @property
    def record(self) -> dict[str, Any]:
        """What a cell's record says of it: how many utterances of which split (which says how they were made) are in
        whose voice, and their share; nothing where there are none.
        """
        counted: dict[str, Counter[str]] = {}
        for item in self.utterances:
            counted.setdefault(str(item.clip.split), Counter())[item.clip.speaker] += 1
        return (
            {"share": self.share, "utterances": {split: dict(of) for split, of in counted.items()}} if counted else {}
        )


class Rehearsal(ABC):
    """What the model practises beside the new voices."""

    @abstractmethod
    def prepare(self, context: AdaptationContext) -> Rehearsed:
        """Make or choose the utterances, once before training.

        Raises:
            InputError: the base has no speakers who could speak, or there is nothing to say.
        """
