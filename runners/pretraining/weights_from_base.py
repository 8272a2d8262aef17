"""Weights taken over from a base with other speakers."""

from __future__ import annotations

from vits.bundle import Bundle
from vits.checkpoint import load_strict
from vits.synthesizer import Synthesizer


def load_from(base: Bundle, synthesizer: Synthesizer, speakers: tuple[str, ...]) -> None:
    """Take over the weights of a base, and its rows of these speakers, the first ones, that it knows by name."""
    weights = {**base.synthesizer.state_dict()}
    rows = synthesizer.speaker_embedding.weight.detach().clone()
    known = {speaker.name: row for row, speaker in enumerate(base.speakers)}
    for row, speaker in enumerate(speakers):
        if speaker in known:
            rows[row] = weights["speaker_embedding.weight"][known[speaker]]
    load_strict(synthesizer, {**weights, "speaker_embedding.weight": rows}, source="the base")
