"""Go back towards the base as far as validation likes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from strategies.average.average import Average, Averaging, Validate
from strategies.context import AdaptationContext
from strategies.freeze.freeze_policy import shared_parameters
from vits.common.bounds import AtLeast, AtMost, Items, check_fields
from vits.common.errors import InputError
from vits.common.registry import register
from vits.synthesizer import Synthesizer

Share = Annotated[float, AtLeast(0), AtMost(1)]


class Interpolating(Averaging):
    """Remembers the base's weights, and after training mixes them with the adapted ones, part by part."""

    def __init__(self, base: Mapping[str, Tensor], shares: Iterable[float], by_part: bool) -> None:
        self.base = {name: tensor.detach().clone() for name, tensor in base.items()}
        self.shares = sorted(shares)
        self.by_part = by_part
        self.of_part: dict[str, float] = {}
        self.mixed: dict[str, Tensor] = {}

    def weights(self) -> Mapping[str, Tensor]:
        return self.mixed

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        unknown = sorted(set(tensors) - set(self.base))
        if unknown:
            raise InputError(f"the saved mixture has a parameter {unknown[0]}; train again from the start")
        self.mixed = dict(tensors)

    def finish(self, synthesizer: Synthesizer, validate: Validate) -> None:
        """Try one share for all parts, then, if asked for, each part's own beside the others' best."""
        parts = sorted({_part(name) for name in self.base})
        self._search(synthesizer, validate, [parts])
        if self.by_part:
            self._search(synthesizer, validate, [[part] for part in parts])
        self.mixed = self._mix(synthesizer, self.of_part)

    def _search(self, synthesizer: Synthesizer, validate: Validate, groups: Iterable[list[str]]) -> None:
        """Of each group's shares keep the one that validation likes best; of equal ones the nearest to the base."""
        for group in groups:
            merits = {share: self._merit(synthesizer, validate, dict.fromkeys(group, share)) for share in self.shares}
            best = max(merits.values())
            self.of_part |= dict.fromkeys(group, next(share for share, merit in merits.items() if merit == best))

    def _merit(self, synthesizer: Synthesizer, validate: Validate, tried: Mapping[str, float]) -> float:
        self.mixed = self._mix(synthesizer, {**self.of_part, **tried})
        with self.applied(synthesizer):
            return validate(synthesizer)

    def _mix(self, synthesizer: Synthesizer, of_part: Mapping[str, float]) -> dict[str, Tensor]:
        adapted = dict(synthesizer.named_parameters())
        return {
            name: torch.lerp(base, adapted[name].detach(), of_part.get(_part(name), 1.0))
            for name, base in self.base.items()
        }


@register("average", "interpolated")
@dataclass(frozen=True)
class Interpolated(Average):
    """The mixture of the base's and the adapted weights that validation likes best; new voices' rows stay adapted.

    `shares` of the way from the base are tried, for all parts alike and, with `by_part`, for each part beside the
    others' best. It needs no training, and gives the old voices back what the new ones don't need. Wortsman et al.
    2022, "Robust fine-tuning of zero-shot models", CVPR (WiSE-FT); Ilharco et al. 2023, "Editing Models with Task
    Arithmetic", ICLR.
    """

    waits_for_the_end: ClassVar[bool] = True

    shares: Annotated[list[Share], Items(1, 20)] = field(default_factory=lambda: [0.25, 0.5, 0.75, 1.0])
    by_part: bool = False

    def __post_init__(self) -> None:
        check_fields(self, "average")

    def prepare(self, context: AdaptationContext, synthesizer: Synthesizer) -> Averaging:
        trained = {name: p for name, p in shared_parameters(synthesizer).items() if p.requires_grad}
        return Interpolating(trained, self.shares, self.by_part)


def _part(name: str) -> str:
    return name.split(".", 1)[0]
