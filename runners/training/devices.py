"""Where and in which precision a run computes; chosen once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Literal

import joblib
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy

from vits.adversary import Adversary
from vits.common.errors import InputError
from vits.synthesizer import Synthesizer

PRECISIONS = {"32": "32-true", "bf16": "bf16-mixed"}
AUTO, CPU, CUDA, MPS = "auto", "cpu", "cuda", "mps"
DEVICES = (AUTO, CPU, CUDA, MPS)
LONGEST_EVALUATION = timedelta(days=7)  # which the other devices wait for


def make_fabric(device: str, precision: str, devices: int = 1) -> Fabric:
    """Where a run computes; `auto` takes CUDA where there is one. On several devices each has a part of every batch,
    and the script that is running is begun again for each but the first.

    On CUDA, products of float32 matrices may use TF32. Apple's `mps` is what PyTorch makes of it, and untested.

    Raises:
        InputError: the device or the precision is unknown, or there are not so many devices.
    """
    fabric = _fabric(_accelerator(device, precision, devices), precision, devices, "popen")
    if devices > 1:
        fabric.launch()
    return fabric


def run_on_devices(device: str, precision: str, devices: int, run: Callable[[Fabric], object]) -> None:
    """Call a function on each of several devices, in processes that are begun for it; this one waits for all of them.

    It is a function of a module, or `functools.partial` of one: Fabric takes apart what else it is given.

    Raises:
        InputError: as above.
    """
    fabric = _fabric(_accelerator(device, precision, devices), precision, devices, "spawn")
    with _spawn_by_default():
        fabric.launch(run)


@contextmanager
def _spawn_by_default() -> Iterator[None]:
    """What a process begins takes over its way of beginning others, but doesn't know that of joblib's workers."""
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method("spawn", force=True)
    try:
        yield
    finally:
        multiprocessing.set_start_method(before, force=True)


def _accelerator(device: str, precision: str, devices: int) -> str:
    """`cpu`, `cuda` or `mps`.

    Raises:
        InputError: there is no such device or precision, or not so many of them.
    """
    check_known(device, precision)
    if device == CUDA and not torch.cuda.is_available():
        raise InputError("device=cuda, but there is no CUDA device or torch was built without it; use device=cpu")
    if device == MPS and not torch.backends.mps.is_available():
        raise InputError("device=mps, but this is no Mac whose graphics PyTorch can compute on; use device=cpu")
    accelerator = (CUDA if torch.cuda.is_available() else CPU) if device == AUTO else device
    there = {CPU: joblib.cpu_count(), CUDA: torch.cuda.device_count(), MPS: 1}[accelerator]
    if not 1 <= devices <= there:
        kind = {CPU: "processor cores", CUDA: "CUDA devices", MPS: "MPS device"}[accelerator]
        raise InputError(f"devices={devices} must be from 1 to the {there} {kind} of this machine")
    return accelerator


def _fabric(accelerator: str, precision: str, devices: int, start_method: Literal["popen", "spawn"]) -> Fabric:
    if accelerator == CUDA:
        torch.set_float32_matmul_precision("high")
    # a batch without discriminators leaves some parameters of the model without a gradient
    shared = DDPStrategy(find_unused_parameters=True, start_method=start_method, timeout=LONGEST_EVALUATION)
    strategy = shared if devices > 1 else "auto"
    alone = LightningEnvironment()  # a cluster's launcher has begun this process; Fabric need not look for it
    return Fabric(
        accelerator=accelerator,
        devices=devices,
        strategy=strategy,
        precision=PRECISIONS[precision],  # pyright: ignore[reportArgumentType]
        plugins=[alone],
    )


def check_known(device: str, precision: str) -> None:
    """Check that there is such a device and such a precision, whether or not this machine has them.

    Raises:
        InputError: one is unknown.
    """
    if precision not in PRECISIONS:
        raise InputError(f"precision={precision} is unknown; choose one of {', '.join(PRECISIONS)}")
    if device not in DEVICES:
        raise InputError(f"device={device} is unknown; choose one of {', '.join(DEVICES)}")


def any_of_them(fabric: Fabric, flag: bool) -> bool:
    """Whether the flag is set on any of the devices, so that all of them do the same."""
    if fabric.world_size == 1:
        return flag
    flags: Any = fabric.all_reduce(torch.tensor(float(flag), device=fabric.device), reduce_op="sum")
    return bool(flags > 0)


def compile_fixed_shapes(synthesizer: Synthesizer, adversary: Adversary, backend: str = "inductor") -> None:
    """Compile what sees segments of one length in training: decoder and discriminators. Names stay as they are.

    For CUDA; on a CPU it gains nothing.
    """
    synthesizer.decoder.compile(backend=backend)
    for opponent in adversary.opponents.values():
        opponent.get_submodule("discriminator").compile(backend=backend)
