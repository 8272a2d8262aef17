"""What the loss gains.

A penalty is a frozen dataclass; `prepare` looks at the base once, before training, and gives the function that
computes its terms in every step. To add one: a class in a file beside this one, `@register("penalty", "<name>")`,
and `conf/penalty/<name>.yaml`. Several may be combined: `penalty=[l2_sp,speaker_consistency]`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from strategies.context import AdaptationContext
from vits.corpus.batching import Batch
from vits.synthesizer import Synthesizer, TrainingPass

PenaltyTerms = Callable[[Synthesizer, Batch, TrainingPass], dict[str, Tensor]]
"""The terms that a step's loss gains, weighted, by name."""


class Penalty(ABC):
    """Terms that hold the training back, or push it somewhere."""

    teachers: ClassVar[tuple[str, ...]] = ()
    """Pretrained models whose opinion it uses; a metric by the same model (`Metric.judge`) is no neutral judge."""

    @abstractmethod
    def prepare(self, context: AdaptationContext) -> PenaltyTerms:
        """Look at the base and at the new voices, once before training.

        Raises:
            InputError: in this adaptation the penalty can change nothing.
        """


@dataclass(frozen=True)
class Penalties:
    """All terms of several penalties; their order means nothing."""

    terms: Sequence[PenaltyTerms] = ()

    def __call__(self, synthesizer: Synthesizer, batch: Batch, made: TrainingPass) -> dict[str, Tensor]:
        return {name: term for of_one in self.terms for name, term in of_one(synthesizer, batch, made).items()}
