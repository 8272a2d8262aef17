"""Where and in which precision a run computes; chosen once."""

from __future__ import annotations

import torch
from lightning_fabric import Fabric

from vits.errors import InputError

PRECISIONS = {"32": "32-true", "bf16": "bf16-mixed"}
DEVICES = ("auto", "cpu", "cuda")


def make_fabric(device: str, precision: str) -> Fabric:
    """One device for one cell; `auto` takes CUDA where there is one.

    Raises:
        InputError: the device or the precision is unknown, or there is no CUDA device.
    """
    if precision not in PRECISIONS:
        raise InputError(f"precision={precision} is unknown; choose one of {', '.join(PRECISIONS)}")
    if device not in DEVICES:
        raise InputError(f"device={device} is unknown; choose one of {', '.join(DEVICES)}")
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("device=cuda, but there is no CUDA device or torch was built without it; use device=cpu")
    accelerator = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    return Fabric(accelerator=accelerator, devices=1, precision=PRECISIONS[precision])  # pyright: ignore[reportArgumentType]
