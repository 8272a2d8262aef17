"""One step of both sides of the adversarial game, over the parts of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor

from runners.training.objective import LossWeights, Objective
from runners.training.parts import Part, Passes, Seen, added
from runners.training.regime import Regime
from runners.training.side import Side
from vits.adversary import Adversary
from vits.batch_rows import drawing_as_part
from vits.synthesizer import Synthesizer


@dataclass(frozen=True)
class Game:
    """The generator, what it is judged by, and the discriminators' own side where they learn.

    The discriminators learn first. Every device has parts of its own, and all of them come to the same weights.
    """

    fabric: Fabric
    synthesizer: Synthesizer
    generator: Side
    adversary: Adversary
    opponents: Side | None
    objective: Objective
    weights: LossWeights
    regime: Regime

    def play(self, parts: Sequence[Part], passes: Passes, *, adversarial: bool) -> dict[str, Tensor]:
        """Move both sides; returns the losses of the whole batch and the gradients' norms, by name."""
        learning = self.opponents if adversarial else None
        energies, values = self._look(parts, passes, learning)
        return values | self._learn(parts, passes, energies, adversarial=adversarial)

    def _look(
        self, parts: Sequence[Part], passes: Passes, learning: Side | None
    ) -> tuple[Tensor | None, dict[str, Tensor]]:
        """Let the discriminators learn, if they do, and find out what the parts have to know of each other.

        That is None where there is only one part, or nothing to know.
        """
        is_divided = len(parts) > 1 or self.fabric.world_size > 1
        found: list[Tensor] = []
        losses: dict[str, Tensor] = {}
        if learning is not None:
            learning.begin()
        for part in parts if is_divided or learning is not None else ():
            seen = passes.shown(part)
            energies = self.objective.energies(*seen) if is_divided else None
            if energies is not None:
                found.append(energies * part.utterances)
            if learning is not None:
                losses = added(losses, self._teach(learning, part, seen, is_last=part is parts[-1]))
        known = self._of_all_devices(torch.stack(found).sum(0)) if found else None
        if learning is None:
            return known, {}
        return known, {"adversary_gradient_norm": learning.step()} | self._sums(losses)

    @staticmethod
    def _teach(learning: Side, part: Part, seen: Seen, *, is_last: bool) -> dict[str, Tensor]:
        """What a part contributes to the discriminators' losses, after they learned from it."""
        with learning.learning(is_last=is_last):
            losses = part.contributions(learning.forward(*seen))
            learning.learn(torch.stack(list(losses.values())).sum())
        return losses

    def _learn(
        self, parts: Sequence[Part], passes: Passes, energies: Tensor | None, *, adversarial: bool
    ) -> dict[str, Tensor]:
        """One step of the generator; returns its losses, and its gradient's norm."""
        self.generator.begin()
        values: dict[str, Tensor] = {}
        for part in parts:
            with self.generator.learning(is_last=part is parts[-1]):
                seen = passes.learned_from(part)
                losses = part.contributions(self._losses(part, seen, energies, adversarial=adversarial))
                with drawing_as_part(self.synthesizer, part.place):
                    terms = self.regime.penalties(self.synthesizer, part.batch, seen.made)
                penalties = part.contributions(terms)
                total = self.weights.total(losses, penalties)
                self.generator.learn(total)
            values = added(values, losses | penalties | {"total": total})
        return {"gradient_norm": self.generator.step()} | self._sums(values)

    def _losses(self, part: Part, seen: Seen, energies: Tensor | None, *, adversarial: bool) -> dict[str, Tensor]:
        """The losses of a part by itself."""
        losses = self.objective(part.batch, *seen, energies)
        if adversarial:
            with self.fabric.autocast():  # their own weights don't learn from this, so nothing is to be averaged
                losses |= self.adversary.generator_losses(*seen)
        return losses

    def _sums(self, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The sums of what each device has, by name."""
        if self.fabric.world_size == 1 or not values:
            return dict(values)
        return dict(zip(values, self._of_all_devices(torch.stack(list(values.values()))), strict=True))

    def _of_all_devices(self, own: Tensor) -> Tensor:
        """The sum of what each device has."""
        if self.fabric.world_size == 1:
            return own
        summed: Any = self.fabric.all_reduce(own, reduce_op="sum")
        return summed
