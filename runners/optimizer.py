"""AdamW over named parameters, its state addressed by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from vits.errors import InputError


@dataclass(frozen=True)
class OptimizerSettings:
    """AdamW (Loshchilov and Hutter, 2019) and its learning rate over time.

    `lr_decay` multiplies the rate after every epoch, `warmup_steps` raises it linearly from 0, and
    `max_gradient_norm` scales a longer gradient down to that length.
    """

    learning_rate: float = 2e-4
    betas: list[float] = field(default_factory=lambda: [0.8, 0.99])
    eps: float = 1e-9
    weight_decay: float = 0.01
    lr_decay: float = 0.999875
    warmup_steps: int = 0
    max_gradient_norm: float = float("inf")

    def __post_init__(self) -> None:
        if self.learning_rate <= 0:
            raise InputError(f"learning_rate={self.learning_rate} must be above 0")

    def rate(self, step: int, epoch: int) -> float:
        """The learning rate at a step of an epoch, both counted from 0."""
        warmup = min(1.0, (step + 1) / self.warmup_steps) if self.warmup_steps else 1.0
        return self.learning_rate * warmup * self.lr_decay**epoch


class NamedAdamW(torch.optim.AdamW):
    """AdamW that knows its parameters' names, so that its state can be saved and loaded by them."""

    def __init__(self, parameters: Iterable[tuple[str, nn.Parameter]], settings: OptimizerSettings) -> None:
        named = list(parameters)
        if not named:
            raise InputError("nothing is left to train; choose a freeze policy that leaves some parameter free")
        self.names = [name for name, _ in named]
        beta_1, beta_2 = settings.betas
        super().__init__(
            [parameter for _, parameter in named],
            lr=settings.learning_rate,
            betas=(beta_1, beta_2),
            eps=settings.eps,
            weight_decay=settings.weight_decay,
            fused=True,
        )

    def named_state(self) -> dict[str, Tensor]:
        """Moments and step counts, as `<parameter>:<key>`."""
        return {
            f"{name}:{key}": value.detach().cpu().contiguous()
            for name, parameter in zip(self.names, self._parameters(), strict=True)
            for key, value in self.state[parameter].items()
        }

    def load_named_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over the state of the parameters of the same names; the others start afresh."""
        for name, parameter in zip(self.names, self._parameters(), strict=True):
            own = {key.rpartition(":")[2]: value for key, value in tensors.items() if key.rpartition(":")[0] == name}
            if own:
                self.state[parameter] = {
                    key: value.to(parameter.device, torch.float32 if key == "step" else parameter.dtype, copy=True)
                    for key, value in own.items()
                }

    def _parameters(self) -> list[nn.Parameter]:
        return [parameter for group in self.param_groups for parameter in group["params"]]
