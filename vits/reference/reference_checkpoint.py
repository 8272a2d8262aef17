"""The reference's checkpoint files: `{"model": tensors by name, "iteration", "optimizer", "learning_rate"}`, pickled.

They are read with nothing but tensors and plain containers allowed, so that a file can't run code.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vits.common.errors import InputError

BUFFERS = ("dec.updown_filter",)  # in the state dict of the multi-stream decoder, but no parameter
MOMENTS = ("step", "exp_avg", "exp_avg_sq")


@dataclass(frozen=True)
class ReferenceCheckpoint:
    """The tensors of one model of the reference under the reference's names, and its optimizer's state as pickled."""

    tensors: Mapping[str, Tensor]
    optimizer: Mapping[str, Any]

    def moments(self) -> dict[str, Tensor]:
        """The optimizer's state as `<its parameter name>:<key>`.

        The reference's optimizer counts parameters in the order of the model, which is that of the state dict
        without its buffers. Empty where no state was saved.

        Raises:
            InputError: the state isn't that of an optimizer of all parameters of this model.
        """
        state = self.optimizer.get("state") or {}
        names = [name for name in self.tensors if name not in BUFFERS]
        if state and set(state) != set(range(len(names))):
            raise InputError(
                f"the optimizer state counts {len(state)} parameters and the model has {len(names)}; "
                "import without optimizer=true"
            )
        named: dict[str, Tensor] = {}
        for number, moments in state.items():
            for key in MOMENTS:
                value = torch.as_tensor(moments[key], dtype=torch.float32)
                if key != "step" and value.shape != self.tensors[names[number]].shape:
                    raise InputError(
                        f"the optimizer state of parameter {number} has shape {list(value.shape)}, but "
                        f"{names[number]} has {list(self.tensors[names[number]].shape)}; import without optimizer=true"
                    )
                named[f"{names[number]}:{key}"] = value
        return named


def read_reference_checkpoint(path: Path) -> ReferenceCheckpoint:
    """Read a `G_*.pth`, `D_*.pth` or `DUR_*.pth`.

    Raises:
        InputError: the file is missing, damaged, holds anything but tensors and plain containers, or no model.
    """
    if not path.is_file():
        raise InputError(f"there is no checkpoint {path}; give the path of an existing .pth file")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        first = str(error).splitlines()[0]
        raise InputError(f"{path} holds more than tensors and plain containers, or is damaged ({first})") from None
    except (RuntimeError, EOFError, OSError, ValueError) as error:
        raise InputError(
            f"{path} can't be read as a checkpoint ({str(error).splitlines()[0]}); copy it again"
        ) from None
    model = content.get("model") if isinstance(content, Mapping) else None
    if not isinstance(model, Mapping) or not all(isinstance(tensor, Tensor) for tensor in model.values()):
        raise InputError(f"{path} has no 'model' with tensors; give a checkpoint that the reference's training wrote")
    optimizer = content.get("optimizer")
    return ReferenceCheckpoint(dict(model), optimizer if isinstance(optimizer, Mapping) else {})


def write_reference_checkpoint(tensors: Mapping[str, Tensor], path: Path, *, learning_rate: float) -> None:
    """Write tensors as the reference's training would have before its first step, atomically."""
    parameters = [torch.nn.Parameter(tensor) for name, tensor in tensors.items() if name not in BUFFERS]
    content = {
        "model": dict(tensors),
        "iteration": 0,
        "optimizer": torch.optim.AdamW(parameters, lr=learning_rate, betas=(0.8, 0.99), eps=1e-9).state_dict(),
        "learning_rate": learning_rate,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        torch.save(content, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
