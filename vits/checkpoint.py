"""Weights in and out: strict loading by name and atomic safetensors files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from vits.common.atomic_files import write_atomically
from vits.common.errors import InputError
from vits.common.regular_files import open_regular

SHOWN = 5
FEWEST_BYTES = 2  # of a weight


def load_strict(module: nn.Module, state: Mapping[str, Tensor], *, source: str) -> None:
    """Load every tensor by its name and shape, or load nothing.

    Raises:
        InputError: names or shapes differ, or numbers are not finite or not of the kind that the module has; the
            message shows the first five of each kind.
    """
    own = {name: list(tensor.shape) for name, tensor in module.state_dict().items()}
    theirs = {name: list(tensor.shape) for name, tensor in state.items()}
    problems = [
        ("missing", [name for name in own if name not in theirs]),
        ("unexpected", [name for name in theirs if name not in own]),
        (
            "of another shape",
            [f"{n} {theirs[n]} instead of {own[n]}" for n in own if n in theirs and own[n] != theirs[n]],
        ),
    ]
    found = [f"{len(names)} {kind} ({_first(names)})" for kind, names in problems if names]
    if found:
        raise InputError(
            f"{source} does not fit the model: {'; '.join(found)}. Load it into the configuration it was made with"
        )
    own_state = module.state_dict()
    check_numbers({name: t for name, t in state.items() if own_state[name].is_floating_point()}, source=source)
    module.load_state_dict(dict(state))


def check_numbers(state: Mapping[str, Tensor], *, source: str) -> None:
    """Check that all tensors hold finite real numbers, as weights do.

    Raises:
        InputError: some don't; the message shows the first five of each kind.
    """
    problems = [
        ("complex", [name for name, tensor in state.items() if tensor.is_complex()]),
        (
            "of whole numbers",
            [n for n, t in state.items() if not (t.is_complex() or t.is_floating_point())],
        ),
        (f"of fewer than {8 * FEWEST_BYTES} bits", [n for n, t in state.items() if _is_too_small(t)]),
        ("NaN or infinite", [n for n, t in state.items() if _is_not_finite(t)]),
    ]
    found = [f"{len(names)} tensors are {kind} ({_first(names)})" for kind, names in problems if names]
    if found:
        raise InputError(f"{source} holds no usable weights: {'; '.join(found)}. Take another checkpoint")


def _is_too_small(tensor: Tensor) -> bool:
    """Whether its numbers are of a kind that is made for storing alone: torch can't even tell which are finite."""
    return tensor.is_floating_point() and tensor.element_size() < FEWEST_BYTES


def _is_not_finite(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and not _is_too_small(tensor) and not bool(tensor.isfinite().all())


def _first(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


def save_weights(module: nn.Module, path: Path) -> None:
    """Write a module's tensors as safetensors, so that the file is there in whole or not at all."""
    save_tensors({name: tensor.detach().cpu().contiguous() for name, tensor in module.state_dict().items()}, path)


def save_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write named tensors as safetensors, atomically."""
    write_atomically(path, save(dict(tensors)))


def put_together(parts: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The tensors of several parts under one roof, as `<part>/<name>`, on the CPU."""
    return {
        f"{part}/{name}": tensor.detach().cpu().contiguous()
        for part, tensors in parts.items()
        for name, tensor in tensors.items()
    }


def part_of(tensors: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    """One of the parts that were put together, by its own names; empty if it isn't there."""
    return {name.removeprefix(f"{part}/"): t for name, t in tensors.items() if name.startswith(f"{part}/")}


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file.

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        open_regular(path).close()
        return load_file(path)
    except FileNotFoundError:
        raise InputError(f"no checkpoint at {path}; give the path of an existing safetensors file") from None
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} is no readable safetensors file ({error}); copy or make it again") from None


def load_weights(module: nn.Module, path: Path) -> None:
    """Load a safetensors file into a module, strictly."""
    load_strict(module, load_tensors(path), source=str(path))
