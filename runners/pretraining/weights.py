"""Weights of a generator and its discriminators, taken over from a base and kept beside the state."""

from __future__ import annotations

from pathlib import Path

import torch

from runners.trainer import Trainer
from vits.bundle import Bundle
from vits.checkpoint import load_strict, load_tensors
from vits.synthesizer import Synthesizer


def load_from(base: Bundle, synthesizer: Synthesizer, speakers: tuple[str, ...]) -> None:
    """Take over the weights of a base, and its rows of those speakers that it knows by name."""
    weights = {**base.synthesizer.state_dict()}
    rows = synthesizer.speaker_embedding.weight.detach().clone()
    known = {speaker.name: row for row, speaker in enumerate(base.speakers)}
    for row, speaker in enumerate(speakers):
        if speaker in known:
            rows[row] = weights["speaker_embedding.weight"][known[speaker]]
    load_strict(synthesizer, {**weights, "speaker_embedding.weight": rows}, source="the base")


def weights_of(trainer: Trainer) -> dict[str, torch.Tensor]:
    """Weights of the generator and of the discriminators under one roof."""
    modules = {"synthesizer": trainer.synthesizer, "adversary": trainer.adversary}
    return {
        f"{prefix}/{name}": tensor.detach().cpu().contiguous()
        for prefix, module in modules.items()
        for name, tensor in module.state_dict().items()
    }


def load_weights_of(trainer: Trainer, path: Path) -> None:
    """The reverse of `weights_of`."""
    tensors = load_tensors(path)
    for prefix, module in (("synthesizer", trainer.synthesizer), ("adversary", trainer.adversary)):
        own = {name.removeprefix(f"{prefix}/"): t for name, t in tensors.items() if name.startswith(f"{prefix}/")}
        load_strict(module, own, source=str(path))
