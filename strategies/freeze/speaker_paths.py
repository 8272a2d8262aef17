"""Train what the speaker's embedding passes through first."""

from __future__ import annotations

from dataclasses import dataclass

from strategies.freeze.freeze_policy import FROZEN, TRAINED, FreezePolicy, RateSchedule
from vits.common.registry import register

PATH = "speaker_projection"  # what the model calls a projection of the embedding, wherever it has one


@register("freeze", "speaker_paths")
@dataclass(frozen=True)
class SpeakerPaths(FreezePolicy):
    """The projections move through which the embedding enters text encoder, flow, posterior encoder and durations.

    They say what a number of an embedding means. About 190 thousand parameters of the embedded base, whose decoder
    never sees the speaker; of a model whose decoder does, its projection too.
    """

    def schedule(self, parameter_name: str) -> RateSchedule:
        return TRAINED if PATH in parameter_name.split(".") else FROZEN
