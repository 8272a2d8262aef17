"""A discriminator of another project's weights."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from vits.adversary import Adversary
from vits.checkpoint import load_strict


def load_discriminator(adversary: Adversary, name: str, tensors: Mapping[str, Tensor], source: str) -> None:
    """Fill the opponent of that name with weights under the names that they have here.

    Raises:
        InputError: one is missing, unknown, or of another shape.
    """
    discriminator = adversary.opponents[name].discriminator
    assert isinstance(discriminator, nn.Module)
    load_strict(discriminator, tensors, source=source)
