"""Which weights are kept of those that training passes through.

An average is a frozen dataclass; `prepare` looks at the base before training and gives an `Averaging` that follows
the steps. What is evaluated and kept are its weights, while training goes on with its own. To add one: a class in a
file beside this one, `@register("average", "<name>")`, and `conf/average/<name>.yaml`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

import torch
from torch import Tensor

from strategies.context import AdaptationContext
from vits.synthesizer import Synthesizer

Validate = Callable[[Synthesizer], float]
"""How good a model is on validation sentences; higher is better."""


class Averaging:
    """Follows one training. This one keeps the weights as they are."""

    def update(self, step: int, synthesizer: Synthesizer) -> None:
        """Look at the weights after a step, counted from 0."""

    def weights(self) -> Mapping[str, Tensor]:
        """The averaged tensors by parameter name; those that aren't there stay as training has them."""
        return {}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from the weights of a saved state."""

    def finish(self, synthesizer: Synthesizer, validate: Validate) -> None:
        """After the last step, change the weights that are kept, as `validate` likes them best."""

    @contextmanager
    def applied(self, synthesizer: Synthesizer) -> Iterator[None]:
        """The averaged weights in the model while the block runs, and training's own again afterwards."""
        parameters = dict(synthesizer.named_parameters())
        averaged = self.weights()
        own = {name: parameters[name].detach().clone() for name in averaged}
        _copy_into(parameters, averaged)
        try:
            yield
        finally:
            _copy_into(parameters, own)


class Average(ABC):
    """Which weights an adaptation ends with."""

    waits_for_the_end: ClassVar[bool] = False
    """Whether the weights that are kept are made after the last step, so that it must be known which one that is."""

    @abstractmethod
    def prepare(self, context: AdaptationContext, synthesizer: Synthesizer) -> Averaging:
        """Begin to follow the training of a synthesizer, which still has its first weights."""


@torch.no_grad()
def _copy_into(parameters: Mapping[str, Tensor], values: Mapping[str, Tensor]) -> None:
    for name, value in values.items():
        parameters[name].copy_(value)
