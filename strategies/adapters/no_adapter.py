"""Nothing is added."""

from __future__ import annotations

from dataclasses import dataclass

from strategies.adapters.adapter import Adapter
from vits.common.registry import register
from vits.synthesizer import Synthesizer


@register("adapter", "none")
@dataclass(frozen=True)
class NoAdapter(Adapter):
    """The model as the base has it."""

    def attach(self, synthesizer: Synthesizer) -> None:
        return

    def merge(self, synthesizer: Synthesizer) -> bool:
        return True
