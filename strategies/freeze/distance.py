"""How far a part of the model is from the speaker: what the policies that go outwards have in common."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DISTANCE: Mapping[str, int] = MappingProxyType(
    {"flow": 1, "decoder": 2, "posterior_encoder": 3, "duration_predictor": 4, "text_encoder": 5}
)
"""The order in which a voice is worn off towards the language: the flow turns speech of anybody into speech of the
speaker, the decoder gives it a waveform, the posterior encoder only hears, and how a text is read is no matter of
timbre. The embedding itself, at 0, always trains."""
FURTHEST = max(DISTANCE.values())


def distance(parameter_name: str) -> int:
    """From 1, next to the speaker, to 5; of what is in no known part 5."""
    return DISTANCE.get(parameter_name.split(".", 1)[0], FURTHEST)
