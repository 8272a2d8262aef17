"""One side of the adversarial game: a model, and the optimizer that makes it learn."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn


class Side:
    """A model and its optimizer as Fabric sets them up. Gradients are summed over parts of a batch and over devices."""

    def __init__(
        self, fabric: Fabric, module: nn.Module, optimizer: torch.optim.Optimizer, max_gradient_norm: float | None
    ) -> None:
        self.fabric = fabric
        self.module = module
        self.max_gradient_norm = max_gradient_norm
        self.forward: Any
        self._optimizer: Any
        self.forward, self._optimizer = fabric.setup(module, optimizer)

    def begin(self) -> None:
        """Forget the gradients of the last step."""
        self._optimizer.zero_grad(set_to_none=True)

    def learning(self, *, is_last: bool) -> AbstractContextManager[Any]:
        """Where a part is computed and learned from: the devices add up their gradients once, after the last one."""
        return self.fabric.no_backward_sync(self.forward, enabled=not is_last)

    def learn(self, loss: Tensor) -> None:
        """Add a loss's gradient, of which devices would take the mean."""
        self.fabric.backward(loss * self.fabric.world_size)

    def step(self) -> Tensor:
        """Move the weights; returns the gradient's norm before it was limited."""
        parameters = [p for p in self.module.parameters() if p.grad is not None]
        norm = nn.utils.get_total_norm(p.grad for p in parameters if p.grad is not None)
        if self.max_gradient_norm is not None:
            nn.utils.clip_grads_with_norm_(parameters, self.max_gradient_norm, norm)
        self._optimizer.step()
        return norm
