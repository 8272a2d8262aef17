"""Which parameters training may move, and how fast.

A policy is a pure function from a shared parameter's name, as the base has it before any adapter attaches, to a
factor on the learning rate over the course of training. What an experiment adds to the base (the new speakers'
embeddings, an adapter's parameters) always trains and the base speakers' rows never do, whatever the policy.
To add one: a class in a file beside this one, `@register("freeze", "<name>")`, and `conf/freeze/<name>.yaml`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from torch import nn

from vits.common.bounds import AtLeast, AtMost, check_fields

BASE_ROWS = "speaker_embedding.weight"
NEW_ROWS = "speaker_embedding.added."


@dataclass(frozen=True)
class RateSchedule:
    """A factor on the learning rate over the course of training: 0 before `starts_at`, `factor` from then on.

    `starts_at` is a share of all steps, from 0 to 1. Equal schedules are equal values, so that parameters which
    learn alike can share an optimizer's group.
    """

    factor: Annotated[float, AtLeast(0)] = 1.0
    starts_at: Annotated[float, AtLeast(0), AtMost(1)] = 0.0

    def __post_init__(self) -> None:
        check_fields(self, "freeze")

    def __call__(self, progress: float) -> float:
        """The factor after that share of all steps."""
        return self.factor if progress >= self.starts_at else 0.0

    @property
    def is_frozen(self) -> bool:
        """Whether it is 0 at every point."""
        return self.factor == 0

    @property
    def is_constant(self) -> bool:
        """Whether the factor is the same at every point, however long the training is."""
        return self.starts_at == 0 or self.is_frozen


TRAINED, FROZEN = RateSchedule(1.0), RateSchedule(0.0)


class FreezePolicy(ABC):
    """Which of the model's shared parameters training may move, and how fast."""

    @abstractmethod
    def schedule(self, parameter_name: str) -> RateSchedule:
        """How fast a parameter outside the speaker embedding learns, over the course of training."""

    def rate(self, parameter_name: str, progress: float) -> float:
        """The factor on its learning rate after a share of all steps; of what is frozen 0 at every point."""
        return self.schedule(parameter_name)(progress)


def shared_parameters(synthesizer: nn.Module) -> dict[str, nn.Parameter]:
    """All parameters but the speakers' embeddings, by name; ask before an adapter attaches."""
    return {
        name: parameter
        for name, parameter in synthesizer.named_parameters()
        if name != BASE_ROWS and not name.startswith(NEW_ROWS)
    }


def apply_freeze(
    policy: FreezePolicy, synthesizer: nn.Module, shared: Mapping[str, nn.Parameter] | None = None
) -> dict[str, RateSchedule]:
    """Mark which parameters get gradients, and say how fast each of them learns, by its present name.

    `shared` are the base's parameters under the names that they had before an adapter attached. What is neither
    among them nor a base speaker's row was added, and always trains. Those that get no gradient must not reach an
    optimizer.
    """
    base_names = {id(parameter): name for name, parameter in (shared or shared_parameters(synthesizer)).items()}
    schedules: dict[str, RateSchedule] = {}
    for name, parameter in synthesizer.named_parameters():
        base_name = base_names.get(id(parameter))
        added = base_name is None and name != BASE_ROWS
        schedule = TRAINED if added else policy.schedule(base_name) if base_name else FROZEN
        parameter.requires_grad_(not schedule.is_frozen)
        if not schedule.is_frozen:
            schedules[name] = schedule
    return schedules
