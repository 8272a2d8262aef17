"""Both sides of the adversarial game, for audio and for durations.

A model is trained against any number of opponents, by name; without any it is trained on its other losses.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.parametrize import cached

from vits.discriminators import MultiPeriodDiscriminator
from vits.duration_predictor import LOG_DURATION_FLOOR
from vits.losses import discriminator_loss, feature_matching_loss, generator_loss
from vits.synthesizer import TrainingPass


class Opponent(nn.Module, ABC):
    """A discriminator and what each side wants of it. Losses are named, so that each can be weighed and logged."""

    @abstractmethod
    def own_losses(self, made: TrainingPass, real: Float[Tensor, "batch 1 samples"]) -> dict[str, Tensor]:
        """What the discriminator learns from; the generator is not moved."""

    @abstractmethod
    def generator_losses(self, made: TrainingPass, real: Float[Tensor, "batch 1 samples"]) -> dict[str, Tensor]:
        """What the generator learns from the discriminator."""


class AudioOpponent(Opponent):
    """Tells recorded segments from decoded ones."""

    def __init__(self, discriminator: MultiPeriodDiscriminator) -> None:
        super().__init__()
        self.discriminator = discriminator

    def own_losses(self, made: TrainingPass, real: Float[Tensor, "batch 1 samples"]) -> dict[str, Tensor]:
        judged_real, judged_fake = self.discriminator.compare(real, made.decoded.audio.detach())
        return {
            "audio_discriminator": discriminator_loss([j.score for j in judged_real], [j.score for j in judged_fake])
        }

    def generator_losses(self, made: TrainingPass, real: Float[Tensor, "batch 1 samples"]) -> dict[str, Tensor]:
        with cached():  # normed weights are the same for both
            with torch.no_grad():
                judged_real = self.discriminator(real)
            judged_fake = self.discriminator(made.decoded.audio)
        return {
            "adversarial": generator_loss([judgement.score for judgement in judged_fake]),
            "feature_matching": feature_matching_loss(judged_real, judged_fake),
        }


class DurationOpponent(Opponent):
    """Tells aligned durations from predicted ones."""

    def __init__(self, discriminator: nn.Module) -> None:
        super().__init__()
        self.discriminator = discriminator

    def own_losses(self, made: TrainingPass, real: Float[Tensor, "batch 1 samples"]) -> dict[str, Tensor]:
        aligned = torch.log(made.durations + LOG_DURATION_FLOOR) * made.text_mask
        judged_real = self.discriminator(made.text_hidden, made.text_mask, aligned)
        judged_fake = self.discriminator(made.text_hidden, made.text_mask, made.predicted_log_durations.detach())
        return {"duration_discriminator": discriminator_loss([judged_real], [judged_fake])}

    def generator_losses(self, made: TrainingPass, real: Float[Tensor, "batch 1 samples"]) -> dict[str, Tensor]:
        judged = self.discriminator(made.text_hidden, made.text_mask, made.predicted_log_durations)
        return {"duration_adversarial": generator_loss([judged])}


class Adversary(nn.Module):
    """All opponents of a generator, by name."""

    def __init__(self, opponents: Mapping[str, Opponent]) -> None:
        super().__init__()
        self.opponents = nn.ModuleDict(dict(opponents))

    def forward(self, made: TrainingPass, real: Float[Tensor, "batch 1 samples"]) -> dict[str, Tensor]:
        """What the discriminators learn from."""
        losses: dict[str, Tensor] = {}
        for opponent in self.opponents.values():
            losses |= opponent.own_losses(made, real)  # pyright: ignore[reportCallIssue]
        return losses

    def generator_losses(self, made: TrainingPass, real: Float[Tensor, "batch 1 samples"]) -> dict[str, Tensor]:
        """What the generator learns from them. The discriminators' own weights get no gradient."""
        losses: dict[str, Tensor] = {}
        self.requires_grad_(False)
        for opponent in self.opponents.values():
            losses |= opponent.generator_losses(made, real)  # pyright: ignore[reportCallIssue]
        self.requires_grad_(True)
        return losses
