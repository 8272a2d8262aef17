"""Keep the weights of the chosen stage as training left them."""

from __future__ import annotations

from dataclasses import dataclass

from strategies.average.average import Average, Averaging
from strategies.context import AdaptationContext
from vits.common.registry import register
from vits.synthesizer import Synthesizer


@register("average", "none")
@dataclass(frozen=True)
class NoAverage(Average):
    """Nothing is averaged."""

    def prepare(self, context: AdaptationContext, synthesizer: Synthesizer) -> Averaging:
        return Averaging()
