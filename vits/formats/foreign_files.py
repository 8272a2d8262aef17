"""The files of a model of another project: the checkpoint, and the configuration beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from vits.checkpoint import check_numbers, load_tensors
from vits.common.errors import InputError
from vits.common.readers import is_file, is_folder, read_json, shown_path
from vits.reference.reference_checkpoint import read_pickled, usable_weights

CONFIG = "config.json"
CHECKPOINTS = ("*.safetensors", "*.bin", "*.ckpt", "*.pth")
SAFETENSORS = ".safetensors"


@dataclass(frozen=True)
class ForeignFiles:
    """Where the checkpoint and the configuration are, and what the configuration says."""

    checkpoint: Path
    config_path: Path
    config: Mapping[str, Any]

    def beside(self, name: str) -> Path:
        """Another file that came with the configuration."""
        return self.config_path.parent / name

    def content(self) -> Mapping[Any, Any]:
        """What the checkpoint holds, with nothing of it run.

        Raises:
            InputError: it is damaged, or holds no names.
        """
        if self.checkpoint.suffix == SAFETENSORS:
            return load_tensors(self.checkpoint)
        content = read_pickled(self.checkpoint)
        if not isinstance(content, Mapping):
            raise InputError(f"{shown_path(self.checkpoint)} holds no named tensors; give a model's checkpoint")
        return content

    def weights(self, section: object, what: str) -> dict[str, Tensor]:
        """The tensors of a part of the content, checked and in single precision.

        Raises:
            InputError: there are none, or they are no weights.
        """
        if not isinstance(section, Mapping) or not section:
            raise InputError(f"{shown_path(self.checkpoint)} has no {what} with tensors; give a model's checkpoint")
        strange = [str(name) for name, tensor in section.items() if not isinstance(tensor, Tensor)]
        if strange:
            raise InputError(
                f"{shown_path(self.checkpoint)}: {what} holds {strange[0]!r}, which is no tensor; give another"
            )
        check_numbers({str(name): tensor for name, tensor in section.items()}, source=shown_path(self.checkpoint))
        return usable_weights(section, self.checkpoint)


def foreign_files(checkpoint: Path, config: Path | None) -> ForeignFiles:
    """The files of a model, of which the checkpoint or its folder is given, and the configuration if it isn't beside.

    Raises:
        InputError: one isn't there, or there are several checkpoints.
    """
    path = _only_checkpoint(checkpoint) if is_folder(checkpoint) else checkpoint
    if not is_file(path):
        raise InputError(f"there is no checkpoint {shown_path(path)}; give G=<its file or folder>")
    beside = (path.with_name(f"{path.name}.json"), path.with_name(CONFIG))
    found = config or next((place for place in beside if is_file(place)), None)
    if found is None:
        raise InputError(f"{shown_path(path)} has no {CONFIG} beside it; give config=<the model's JSON configuration>")
    return ForeignFiles(path, found, read_json(found, dict[str, Any]))


def _only_checkpoint(folder: Path) -> Path:
    found = sorted(path for pattern in CHECKPOINTS for path in folder.glob(pattern))
    if len(found) != 1:
        names = ", ".join(path.name for path in found[:5]) or "none"
        raise InputError(
            f"{shown_path(folder)} holds {len(found)} checkpoints ({names}); give the one to be read as G=<file>"
        )
    return found[0]
