"""Only the new voices are trained."""

from __future__ import annotations

from dataclasses import dataclass

from strategies.context import AdaptationContext
from strategies.rehearsal.rehearsal import Rehearsal, Rehearsed
from vits.common.registry import register


@register("rehearsal", "none")
@dataclass(frozen=True)
class NoRehearsal(Rehearsal):
    """Nothing is trained along."""

    def prepare(self, context: AdaptationContext) -> Rehearsed:
        return Rehearsed()
