"""An adapted model out of a finished cell's folder, ready to speak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from omegaconf import OmegaConf
from torch import Tensor

from runners.results.cell_folder import CellFolder
from vits.checkpoint import load_strict, load_tensors
from vits.common.errors import InputError
from vits.model_spec import ModelSpec
from vits.speaker_embedding import SpeakerEmbedding
from vits.synthesizer import Synthesizer

CHECKPOINT = "checkpoint.safetensors"


@dataclass(frozen=True)
class AdaptedModel:
    """What a cell trained, and the new voices that it speaks with."""

    spec: ModelSpec
    synthesizer: Synthesizer
    speaker_ids: Mapping[str, int]
    language: str

    def speaker_id(self, name: str) -> int:
        """The id of a new voice.

        Raises:
            InputError: the cell has no such voice.
        """
        if name not in self.speaker_ids:
            raise InputError(f"the cell has no voice {name!r}; choose one of {', '.join(self.speaker_ids)}")
        return self.speaker_ids[name]


def load_adapted(directory: Path, device: torch.device) -> AdaptedModel:
    """Read the model of a finished cell.

    Raises:
        InputError: the folder is no cell, or the cell isn't finished.
    """
    folder = CellFolder(directory)
    if not folder.finished:
        state = folder.record.get("status", "no cell at all")
        raise InputError(
            f"{directory} is no finished cell ({state}); give the folder of a cell that runners/grid.py ran"
        )
    tensors = load_tensors(directory / CHECKPOINT)
    spec = ModelSpec(folder.record["identity_of"]["model"])
    n_base, n_new = _count_rows(tensors)
    synthesizer = spec.synthesizer(n_base)
    embedding: SpeakerEmbedding = synthesizer.speaker_embedding
    for _ in range(n_new):
        embedding.add(torch.zeros(embedding.weight.shape[1]))
    load_strict(synthesizer, tensors, source=str(directory / CHECKPOINT))
    config = OmegaConf.load(directory / "config.yaml")
    language = str(OmegaConf.select(config, "data.language", default="en-us"))
    return AdaptedModel(spec, synthesizer.to(device).eval(), folder.record["speaker_ids"], language)


def _count_rows(tensors: Mapping[str, Tensor]) -> tuple[int, int]:
    """How many base and new speakers a checkpoint holds."""
    n_base = len(tensors.get("speaker_embedding.weight", ()))
    return n_base, sum(name.startswith("speaker_embedding.added.") for name in tensors)
