"""The reference's checkpoint files: `{"model": tensors by name, "iteration", "optimizer", "learning_rate"}`, pickled.

They are read as data, so that a file can't run code. Other projects write them too, with objects of their own in
them, behind a wrapper's prefix, or in half precision.
"""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vits.checkpoint import check_numbers
from vits.common.atomic_files import write_atomically
from vits.common.errors import InputError
from vits.reference.inert_reader import read_inertly

BUFFERS = ("dec.updown_filter",)  # in the state dict of the multi-stream decoder, but no parameter
MOMENTS = ("step", "exp_avg", "exp_avg_sq")
WRAPPER = "module."  # what training on several devices puts before each name
HALF = (torch.float16, torch.bfloat16)
DAMAGE = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    LookupError,
    ArithmeticError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    TypeError,
    AttributeError,
    EOFError,
    OSError,
    struct.error,
)


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
        if state and (not isinstance(state, Mapping) or set(state) != set(range(len(names)))):
            raise InputError(
                f"the optimizer state isn't that of the model's {len(names)} parameters; import without optimizer=true"
            )
        named = {
            f"{names[number]}:{key}": self._moment(number, names[number], moments, key)
            for number, moments in state.items()
            for key in MOMENTS
        }
        check_numbers(named, source="the optimizer state")
        return named

    def _moment(self, number: int, name: str, moments: object, key: str) -> Tensor:
        value = moments.get(key) if isinstance(moments, Mapping) else None
        if not isinstance(value, (Tensor, int, float)):
            raise InputError(f"the optimizer state of parameter {number} lacks {key}; import without optimizer=true")
        tensor = torch.as_tensor(value, dtype=torch.float32)
        expected = [] if key == "step" else list(self.tensors[name].shape)
        if list(tensor.shape) != expected:
            raise InputError(
                f"the optimizer state of parameter {number} has shape {list(tensor.shape)}, but "
                f"{name} has {expected}; import without optimizer=true"
            )
        return tensor


def read_reference_checkpoint(path: Path) -> ReferenceCheckpoint:
    """Read a `G_*.pth`, `D_*.pth` or `DUR_*.pth`.

    Raises:
        InputError: the file is missing, damaged or has no model, or weights are NaN, infinite, complex or whole
            numbers.
    """
    content = read_pickled(path)
    model = content.get("model") if isinstance(content, Mapping) else None
    if not isinstance(model, Mapping) or not all(isinstance(tensor, Tensor) for tensor in model.values()):
        raise InputError(f"{path} has no 'model' with tensors; give a checkpoint that the reference's training wrote")
    optimizer = content.get("optimizer")
    return ReferenceCheckpoint(usable_weights(model, path), optimizer if isinstance(optimizer, Mapping) else {})


def read_pickled(path: Path) -> Any:
    """What a file that `torch.save` wrote holds, with nothing of it run.

    Raises:
        InputError: the file is missing or damaged.
    """
    if not path.is_file():
        raise InputError(f"there is no checkpoint {path}; give the path of an existing .pth file")
    try:
        return read_inertly(path)
    except DAMAGE as error:
        raise InputError(f"{path} can't be read as a checkpoint ({_first_line(error)}); copy it again") from None


def usable_weights(model: Mapping[Any, Tensor], path: Path) -> dict[str, Tensor]:
    """The weights by the names that the model itself gives them, in single precision.

    Raises:
        InputError: some are NaN, infinite, complex or whole numbers.
    """
    wrapped = bool(model) and all(str(name).startswith(WRAPPER) for name in model)
    weights = {str(name).removeprefix(WRAPPER) if wrapped else str(name): tensor for name, tensor in model.items()}
    check_numbers(weights, source=str(path))
    half = [name for name, tensor in weights.items() if tensor.dtype in HALF]
    if half:
        print(f"{path}: {len(half)} of {len(weights)} tensors are of half precision and are widened to float32")
    return {name: tensor.float() for name, tensor in weights.items()}


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:200]


def write_reference_checkpoint(tensors: Mapping[str, Tensor], path: Path, *, learning_rate: float) -> None:
    """Write tensors as the reference's training would have before its first step, atomically."""
    parameters = [torch.nn.Parameter(tensor) for name, tensor in tensors.items() if name not in BUFFERS]
    content = {
        "model": dict(tensors),
        "iteration": 0,
        "optimizer": torch.optim.AdamW(parameters, lr=learning_rate, betas=(0.8, 0.99), eps=1e-9).state_dict(),
        "learning_rate": learning_rate,
    }
    saved = io.BytesIO()
    torch.save(content, saved)
    write_atomically(path, saved.getvalue())
