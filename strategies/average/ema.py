"""Keep the moving average of the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from strategies.average.average import Average, Averaging
from strategies.context import AdaptationContext
from vits.common.errors import InputError
from vits.common.registry import register
from vits.synthesizer import Synthesizer


class MovingAverage(Averaging):
    """The exponential moving average of some tensors of a model, from what they are now."""

    def __init__(self, first: Mapping[str, Tensor], decay: float) -> None:
        self.decay = decay
        self.averaged = {name: tensor.detach().clone() for name, tensor in first.items()}

    @torch.no_grad()
    def update(self, step: int, synthesizer: Synthesizer) -> None:
        parameters = dict(synthesizer.named_parameters())
        for name, average in self.averaged.items():
            average.lerp_(parameters[name], 1 - self.decay)

    def weights(self) -> Mapping[str, Tensor]:
        return self.averaged

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        if set(tensors) != set(self.averaged):
            differing = sorted(set(tensors) ^ set(self.averaged))
            raise InputError(
                f"the saved average is of other parameters ({len(differing)} differ, {differing[0]} among them); "
                "train again from the start"
            )
        for name, average in self.averaged.items():
            average.copy_(tensors[name])


@register("average", "ema")
@dataclass(frozen=True)
class EMA(Average):
    """Exponential moving average of all trained parameters: `a <- decay * a + (1 - decay) * p` after every step.

    It starts at the first weights and looks back over about `1 / (1 - decay)` steps; as many numbers more as are
    trained. Polyak and Juditsky, Acceleration of Stochastic Approximation by Averaging, 1992; with this decay
    Tarvainen and Valpola, Mean teachers are better role models, 2017, section 2.
    """

    decay: float = 0.99

    def __post_init__(self) -> None:
        if not 0 <= self.decay < 1:
            raise InputError(f"average.decay={self.decay} must be from 0 to below 1")

    def prepare(self, context: AdaptationContext, synthesizer: Synthesizer) -> Averaging:
        trained = {name: p for name, p in synthesizer.named_parameters() if p.requires_grad}
        return MovingAverage(trained, self.decay)
