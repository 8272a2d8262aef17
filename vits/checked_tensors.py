"""Files of tensors that training goes on from, with a checksum inside: a flipped bit would change a result unseen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from vits.checkpoint import load_tensors, save_tensors
from vits.common.errors import InputError

CHECKSUM = "checksum"


def save_checked(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write named tensors as safetensors, atomically, and their checksum as one more of them."""
    own = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    save_tensors({**own, CHECKSUM: _checksum(own)}, path)


def load_checked(path: Path) -> dict[str, Tensor]:
    """The tensors as they were written; a file from before there were checksums is taken as it is.

    Raises:
        InputError: the file is missing, damaged, or was changed.
    """
    tensors = load_tensors(path)
    expected = tensors.pop(CHECKSUM, None)
    if expected is not None and not torch.equal(expected, _checksum(tensors)):
        raise InputError(
            f"{path} was changed since it was written (its checksum is another); restore it from a copy, or remove the "
            "run's folder to begin again"
        )
    return tensors


def _checksum(tensors: Mapping[str, Tensor]) -> Tensor:
    return torch.frombuffer(bytearray(digest_of(tensors)), dtype=torch.uint8)


def digest_of(tensors: Mapping[str, Tensor]) -> bytes:
    """Of all names, kinds, shapes and numbers, in no order."""
    digest = hashlib.blake2b(digest_size=20)
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(repr((name, tensor.dtype, tuple(tensor.shape))).encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.digest()
