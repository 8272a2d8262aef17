"""AdamW over named parameters, its state addressed by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import torch
from torch import Tensor, nn

from runners.training.sixteen_bit_moments import packed, round_moments, unpacked
from strategies.freeze.freeze_policy import TRAINED, RateSchedule
from vits.common.bounds import OneOf, check_fields
from vits.common.errors import InputError
from vits.common.quantities import Betas, Decay, Epsilon, LearningRate, Number, PositiveFactor, Weight


@dataclass(frozen=True)
class OptimizerSettings:
    """AdamW (Loshchilov and Hutter, 2019) and its learning rate over time.

    `lr_decay` multiplies the rate after every epoch of the data, however the training's length is given.
    `warmup_steps` raises it linearly from 0, and `max_gradient_norm` scales a longer gradient down to that length
    (None: to none). The speakers' embeddings learn `embedding_rate_factor` times as fast: AdamW moves a number by
    about the rate in a step, and an embedding, whose numbers are near 1 in size, has further to go than a weight and
    is moved by one speaker's steps alone.

    A run that is to end soon is cooled down: from `cooldown_from_step` the rate falls linearly and reaches 0
    after `cooldown_steps` (0: never), which gains what a schedule planned from the start would have (Hägele et
    al., Scaling Laws and Compute-Optimal Training Beyond Fixed Training Durations, 2024).

    `moment_bits` is 32, or 16 for a saved state of two thirds of the size (`runners.training.sixteen_bit_moments`).
    """

    learning_rate: LearningRate = 2e-4
    betas: Betas = field(default_factory=lambda: [0.8, 0.99])
    eps: Epsilon = 1e-9
    weight_decay: Weight = 0.01
    lr_decay: Decay = 0.999875
    warmup_steps: Number = 0
    max_gradient_norm: PositiveFactor | None = None
    embedding_rate_factor: PositiveFactor = 1.0
    cooldown_from_step: Number = 0
    cooldown_steps: Number = 0
    moment_bits: Annotated[int, OneOf(16, 32)] = 32

    def __post_init__(self) -> None:
        check_fields(self, "training.optimizer")

    def rate(self, step: int, epoch: int) -> float:
        """The learning rate at a step of an epoch, both counted from 0."""
        warmup = min(1.0, (step + 1) / self.warmup_steps) if self.warmup_steps else 1.0
        return self.learning_rate * warmup * self._cooldown(step) * self.lr_decay**epoch

    def _cooldown(self, step: int) -> float:
        if not self.cooldown_steps:
            return 1.0
        return min(max(1 - (step - self.cooldown_from_step) / self.cooldown_steps, 0.0), 1.0)


EMBEDDINGS = "speaker_embedding."
Alike = dict[tuple[bool, RateSchedule], list[tuple[str, nn.Parameter]]]


def _alike(parameters: Iterable[tuple[str, nn.Parameter]], schedules: Mapping[str, RateSchedule]) -> Alike:
    """Parameters that learn alike, the speakers' embeddings behind all others."""
    groups: Alike = {}
    for name, parameter in sorted(parameters, key=lambda named: named[0].startswith(EMBEDDINGS)):
        key = (name.startswith(EMBEDDINGS), schedules.get(name, TRAINED))
        groups.setdefault(key, []).append((name, parameter))
    return groups


class NamedAdamW(torch.optim.AdamW):
    """AdamW that knows its parameters' names, so that its state can be saved and loaded by them."""

    def __init__(
        self,
        parameters: Iterable[tuple[str, nn.Parameter]],
        settings: OptimizerSettings,
        schedules: Mapping[str, RateSchedule] | None = None,
    ) -> None:
        groups = _alike(parameters, schedules or {})
        if not groups:
            raise InputError("nothing is left to train; choose a freeze policy that leaves some parameter free")
        self.settings = settings
        self.names = [name for members in groups.values() for name, _ in members]
        beta_1, beta_2 = settings.betas
        super().__init__(
            [
                {
                    "params": [parameter for _, parameter in members],
                    "rate_factor": settings.embedding_rate_factor if is_embedding else 1.0,
                    "schedule": schedule,
                }
                for (is_embedding, schedule), members in groups.items()
            ],
            lr=settings.learning_rate,
            betas=(beta_1, beta_2),
            eps=settings.eps,
            weight_decay=settings.weight_decay,
            fused=True,
        )

    def set_rate(self, step: int, epoch: int, progress: float = 0.0) -> None:
        """Set the learning rates of a step of an epoch, after a share of all steps."""
        for group in self.param_groups:
            group["lr"] = self.settings.rate(step, epoch) * group["rate_factor"] * group["schedule"](progress)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        loss = super().step(closure)
        if self._in_sixteen_bits:
            for state in self.state.values():
                round_moments(state)
        return loss

    @property
    def _in_sixteen_bits(self) -> bool:
        return self.settings.moment_bits == 16

    def named_state(self) -> dict[str, Tensor]:
        """Moments and step counts, as `<parameter>:<key>`."""
        return {
            f"{name}:{key}": (packed(key, value) if self._in_sixteen_bits else value).detach().cpu().contiguous()
            for name, parameter in zip(self.names, self._parameters(), strict=True)
            for key, value in self.state[parameter].items()
        }

    def load_named_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over the state of the parameters of the same names; the others start afresh."""
        for name, parameter in zip(self.names, self._parameters(), strict=True):
            own = {key.rpartition(":")[2]: value for key, value in tensors.items() if key.rpartition(":")[0] == name}
            if own:
                self.state[parameter] = {
                    key: unpacked(key, value).to(
                        parameter.device, torch.float32 if key == "step" else parameter.dtype, copy=True
                    )
                    for key, value in own.items()
                }

    def _parameters(self) -> list[nn.Parameter]:
        return [parameter for group in self.param_groups for parameter in group["params"]]
