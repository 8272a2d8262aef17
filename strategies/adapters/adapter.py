"""What is added to the base.

An adapter is a frozen dataclass that changes a synthesizer in place. At first the synthesizer computes exactly what
it did without; what the adapter adds always trains, and is known by being new, never by its name. To add one: a
class in a file beside this one, `@register("adapter", "<name>")`, and `conf/adapter/<name>.yaml`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from vits.synthesizer import Synthesizer


class Adapter(ABC):
    """Parameters of its own for the new voices, beside or on top of the base's."""

    @abstractmethod
    def attach(self, synthesizer: Synthesizer) -> None:
        """Add the adapter's parameters; the audio stays what it is, bit for bit.

        Raises:
            InputError: the model has no place for it.
        """

    def settled(self, synthesizer: Synthesizer) -> Adapter:
        """Itself as a bundle names it, in which the new voices are base voices; ask before they are."""
        return self

    def merge(self, synthesizer: Synthesizer) -> bool:
        """Fold what was learned into the base's plain weights, where that is possible; whether it was."""
        return False
