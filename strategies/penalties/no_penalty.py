"""The loss stays the model's own."""

from __future__ import annotations

from dataclasses import dataclass

from strategies.context import AdaptationContext
from strategies.penalties.penalty import Penalties, Penalty, PenaltyTerms
from vits.common.registry import register


@register("penalty", "none")
@dataclass(frozen=True)
class NoPenalty(Penalty):
    """No term is added."""

    def prepare(self, context: AdaptationContext) -> PenaltyTerms:
        return Penalties()
