"""Train the biases alone."""

from __future__ import annotations

from dataclasses import dataclass

from strategies.freeze.freeze_policy import FROZEN, TRAINED, FreezePolicy, RateSchedule
from vits.common.registry import register


@register("freeze", "bias_only")
@dataclass(frozen=True)
class BiasOnly(FreezePolicy):
    """What is added to an activation moves; what multiplies it stays. About 27 thousand numbers of the embedded base.

    Shifts of normalisations (`beta`) are biases too. Ben Zaken, Goldberg and Ravfogel 2022, "BitFit: Simple
    Parameter-efficient Fine-tuning for Transformer-based Masked Language-models", ACL.
    """

    def schedule(self, parameter_name: str) -> RateSchedule:
        return TRAINED if parameter_name.rpartition(".")[2] in ("bias", "beta") else FROZEN
