"""An adapted model out of a finished cell's folder, ready to speak."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from runners.packs.attaching import attach_pack
from runners.packs.voice_pack import read_pack
from runners.results.cell_folder import CellFolder
from runners.results.finished_bundle import load_finished
from vits.bundle import MODEL, bundle_identity
from vits.common.errors import InputError
from vits.common.readers import read_yaml, shown_path
from vits.layers import fold_weight_norm
from vits.model_spec import ModelSpec
from vits.synthesizer import Synthesizer
from vits.text.alphabet import ENGLISH
from vits.trained_on import TrainedOn, read_trained_on

SHOWN = 10  # voices that a message lists


@dataclass(frozen=True)
class AdaptedModel:
    """What a cell trained, and all voices that it speaks with; `new_voices` are those that the cell brought in.

    `trained_on` is empty where nobody says it.
    """

    spec: ModelSpec
    synthesizer: Synthesizer
    speaker_ids: Mapping[str, int]
    language: str
    new_voices: tuple[str, ...] = ()
    trained_on: TrainedOn = field(default_factory=TrainedOn)

    def speaker_id(self, name: str) -> int:
        """The id of a new voice.

        Raises:
            InputError: the cell has no such voice.
        """
        if name not in self.speaker_ids:
            shown = ", ".join(self.new_voices[:SHOWN]) + (", ..." if len(self.new_voices) > SHOWN else "")
            raise InputError(f"the cell has no voice {name!r}; choose one of {shown}")
        return self.speaker_ids[name]


def load_adapted(directory: Path, device: torch.device) -> AdaptedModel:
    """Read the model of a finished cell, or of any other bundle, with all voices that it was trained on.

    Its weight norm is folded: it is to speak, not to be trained further.

    Raises:
        InputError: the folder is no bundle, or the cell isn't finished.
    """
    record = CellFolder(directory).record
    if not record and not (directory / MODEL).is_file():
        raise InputError(
            f"{directory} is no finished cell (no cell at all); give the folder of a cell that runners/grid.py ran"
        )
    bundle = load_finished(directory, with_adversary=False)
    fold_weight_norm(bundle.synthesizer)
    speaker_ids = {bundle.speakers[row].name: row for row in bundle.trained_rows}
    new = tuple(record.get("speaker_ids", speaker_ids))
    known, language = read_trained_on(directory) or TrainedOn(), _language(directory, bundle.spec)
    return AdaptedModel(bundle.spec, bundle.synthesizer.to(device).eval(), speaker_ids, language, new, known)


def load_packed(path: Path, base: Path, device: torch.device) -> AdaptedModel:
    """The model that speaks with a voice pack's voice; it has no other.

    Raises:
        InputError: the pack or the base can't be read, or the pack is for another base.
    """
    pack = read_pack(path)
    identity = bundle_identity(base)
    if identity != pack.facts["base"]:
        raise InputError(
            f"{shown_path(path)} is for another base than {base} (identity {pack.facts['base'][:8]}, not "
            f"{identity[:8]}); give base=<its own>"
        )
    bundle = load_finished(base, with_adversary=False)
    row = attach_pack(pack, bundle.synthesizer, shown_path(path))
    fold_weight_norm(bundle.synthesizer)
    speaker = pack.facts["speaker"]
    synthesizer = bundle.synthesizer.to(device).eval()
    return AdaptedModel(bundle.spec, synthesizer, {speaker: row}, pack.facts["language"], (speaker,))


def _language(directory: Path, spec: ModelSpec) -> str:
    """The language of the recordings that a cell was trained on, or a base; if unknown it is taken for English."""
    path = directory / "config.yaml"
    config = read_yaml(path, dict[str, Any]) if os.path.lexists(path) else {}
    data = config.get("data", {})
    language = data.get("language", spec.alphabet().language or ENGLISH) if isinstance(data, dict) else None
    if not isinstance(language, str):
        raise InputError(f"{path} names no language in data.language; restore the file or remove it")
    return language
