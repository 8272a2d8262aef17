"""Average the end of the training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from strategies.average.average import Average, Averaging
from strategies.average.ema import MovingAverage
from strategies.context import AdaptationContext
from vits.common.bounds import Above, AtMost, check_fields
from vits.common.registry import register
from vits.synthesizer import Synthesizer


class PolynomialAverage(MovingAverage):
    """A moving average whose memory grows with the training, so that it always looks back over the same share."""

    def __init__(self, first: Mapping[str, Tensor], share: float) -> None:
        super().__init__(first, decay=0.0)
        self.order = 1 / share - 1

    @torch.no_grad()
    def update(self, step: int, synthesizer: Synthesizer) -> None:
        self.decay = 1 - (self.order + 1) / (step + 1 + self.order)
        super().update(step, synthesizer)


@register("average", "tail")
@dataclass(frozen=True)
class Tail(Average):
    """The average of about the last `share` of all steps so far, of all trained parameters.

    `a <- (1 - w) a + w p` after step t (counted from 1) with `w = (o + 1) / (t + o)` and `o = 1 / share - 1`: with
    `share=1` the plain mean of all steps. No length must be known, so that every stage is averaged alike. As many
    numbers more as are trained. Shamir and Zhang, Stochastic Gradient Descent for Non-smooth Optimization, 2013,
    section 4 (polynomial-decay averaging); Izmailov et al., Averaging Weights Leads to Wider Optima, 2018.
    """

    share: Annotated[float, Above(0), AtMost(1)] = 0.25

    def __post_init__(self) -> None:
        check_fields(self, "average")

    def prepare(self, context: AdaptationContext, synthesizer: Synthesizer) -> Averaging:
        trained = {name: p for name, p in synthesizer.named_parameters() if p.requires_grad}
        return PolynomialAverage(trained, self.share)
