"""Keep some parts of the model as the base has them."""

from __future__ import annotations

from dataclasses import dataclass, field

from strategies.freeze.freeze_policy import FROZEN, TRAINED, FreezePolicy, RateSchedule
from vits.common.errors import InputError
from vits.common.registry import register
from vits.model_spec import PARTS


@register("freeze", "parts")
@dataclass(frozen=True)
class FrozenParts(FreezePolicy):
    """Everything is trained but the named parts of the synthesizer; without any, all follows the new voices.

    What stays: of the `text_encoder` how text is read, of the `posterior_encoder` how speech is heard, of the
    `flow` how speaker and content mix, of the `duration_predictor` the rhythm, of the `decoder` the waveform,
    which was learned from many voices; the multi-band decoder never sees the speaker.
    """

    parts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.parts) - set(PARTS))
        if unknown:
            raise InputError(f"freeze.parts names no part {', '.join(unknown)}; choose of {', '.join(PARTS)}")

    def schedule(self, parameter_name: str) -> RateSchedule:
        return FROZEN if parameter_name.split(".", 1)[0] in self.parts else TRAINED
