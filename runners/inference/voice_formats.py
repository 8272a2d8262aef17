"""From a finished cell to the files of a program that speaks without PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import torch

from runners.cli.inference_arguments import ExportArguments
from runners.inference.adapted_model import AdaptedModel, load_adapted
from runners.inference.onnx_export import write_own
from runners.inference.onnx_files import check_onnx_path, require_packages
from runners.inference.piper_export import write_piper, write_sherpa_onnx
from vits.bundle import CARD
from vits.common.readers import LARGEST_TEXT_BYTES, read_bytes

Write = Callable[[AdaptedModel, Path, Mapping[str, str]], tuple[list[Path], float]]
"""Writes a model to an ONNX file with that metadata, and what belongs beside it; returns the files, and how far their
audio is from PyTorch's."""

VOICE_FORMATS: Mapping[str, Write] = MappingProxyType(
    {"onnx": write_own, "piper": write_piper, "sherpa_onnx": write_sherpa_onnx}
)


def export_cell(arguments: ExportArguments) -> None:
    """Write the files, try them, and say how far their audio is from PyTorch's.

    Raises:
        InputError: a package is missing, or the cell or the place to write can't be used.
    """
    require_packages()
    path, directory = Path(arguments.out), Path(arguments.run)
    check_onnx_path(path)
    model = load_adapted(directory, torch.device("cpu"))
    files, difference = VOICE_FORMATS[arguments.format](model, path, _provenance(directory, arguments.licence))
    beside = "".join(f" and {file.name}" for file in files[1:])
    size = path.stat().st_size / 1e6
    print(f"wrote {path}{beside} ({size:.1f} MB; its audio is within {difference:.0e} of PyTorch's)")


def _provenance(directory: Path, licence: str) -> dict[str, str]:
    """What goes with the weights into every file: the card of the bundle that they are from, and the licence."""
    path = directory / CARD
    card = read_bytes(path, LARGEST_TEXT_BYTES).decode(errors="replace") if path.is_file() else ""
    return {name: text for name, text in (("card", card), ("license", licence)) if text}
