"""From a module to an ONNX file, there in whole or not."""

from __future__ import annotations

import importlib.util
import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vits.common.errors import InputError

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
LARGEST_DIFFERENCE = 1e-3  # between PyTorch's and ONNX Runtime's audio

Inputs = dict[str, Tensor]
DynamicShapes = Mapping[str, Mapping[int, str] | None]


def require_packages() -> None:
    """Check that what ONNX needs is installed.

    Raises:
        InputError: it isn't.
    """
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"ONNX export needs {', '.join(missing)}; install the extra: pip install -e '.[export]'")


def check_onnx_path(path: Path) -> None:
    """Check that an ONNX file can be written there, and make its folder.

    Raises:
        InputError: it can't.
    """
    if path.suffix != ".onnx":
        raise InputError(f"out={path} must end in .onnx")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"can't write to {path.parent} ({error.strerror}); choose another out=...") from None
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise InputError(f"can't write {path}; choose another out=...")


def write_onnx(
    module: nn.Module,
    inputs: Mapping[str, Tensor],
    outputs: Sequence[str],
    dynamic_shapes: DynamicShapes,
    metadata: Mapping[str, str],
    path: Path,
) -> None:
    """Trace the module with these inputs, and write it under the same names of inputs and these of outputs."""
    with torch.no_grad(), _quiet():
        program = torch.onnx.export(
            module.eval(),
            kwargs=dict(inputs),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=dict[str, Any](dynamic_shapes),
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # it is None only of the older exporter
    program.model.metadata_props.update(metadata)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        program.save(partial, external_data=False)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's words on packages that this model doesn't need and on its own deprecations."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def run_onnx(path: Path, outputs: Sequence[str], inputs: Mapping[str, Tensor]) -> list[Tensor]:
    """What ONNX Runtime makes of the inputs on the CPU."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found = session.run(list(outputs), {name: value.numpy() for name, value in inputs.items()})
    return [torch.from_numpy(value) for value in found]


def check_difference(path: Path, found: Tensor, expected: Tensor) -> float:
    """The largest difference of a sample between a file's audio and PyTorch's.

    Raises:
        RuntimeError: it is more than 1e-3, or the lengths differ.
    """
    difference = float((found - expected).abs().max()) if found.shape == expected.shape else float("inf")
    if difference > LARGEST_DIFFERENCE:
        raise RuntimeError(f"the audio of {path} is not PyTorch's: it differs by {difference}")
    return difference
