"""One of a model's voices alone: what each voice has of its own becomes what all share."""

from __future__ import annotations

from collections.abc import Sequence

from strategies.adapters.adapter import Adapter
from strategies.adapters.per_voice import VoiceAdapter
from vits.synthesizer import Synthesizer

Named = tuple[str, Adapter]


def leave_alone(synthesizer: Synthesizer, row: int, adapters: Sequence[Named], base: Sequence[Named]) -> list[Named]:
    """Make a model, in place, speak with one voice's set of weights whoever speaks, and with nobody else's.

    `adapters` are the model's and `base` those of its base. A set is merged where that is possible; returned are the
    adapters that the voice needs beside the base's.
    """
    needed: list[Named] = []
    for name, adapter in adapters:
        of_base = (name, adapter) in base
        if not (isinstance(adapter, VoiceAdapter) and adapter.per_voice):
            needed += [] if of_base else [(name, adapter)]
        elif row in adapter.rows:
            shared = adapter.of_one(synthesizer, row)
            needed += [] if shared.merge(synthesizer) else [(name, shared)]
        elif not of_base:
            adapter.remove(synthesizer)
    return needed
