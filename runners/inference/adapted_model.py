"""An adapted model out of a finished cell's folder, ready to speak."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from omegaconf import OmegaConf
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from runners.results.cell_folder import CellFolder
from vits.checkpoint import load_strict, load_tensors
from vits.common.errors import InputError
from vits.model_spec import ModelSpec
from vits.speaker_embedding import SpeakerEmbedding
from vits.synthesizer import Synthesizer
from vits.text.phonemizer import EspeakPhonemizer
from vits.text.tokens import Tokenizer

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


@dataclass(frozen=True)
class SpeakingStyle:
    """How to speak: the spread of the latent around its mean, the stretch of time, and what draws the noise."""

    noise_scale: float = 0.667
    length_scale: float = 1.0
    seed: int = 0
    batch_size: int = 16


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


def say(
    model: AdaptedModel, texts: Sequence[str], speaker: str, style: SpeakingStyle
) -> Iterator[tuple[int, Float[Tensor, "samples"]]]:
    """The audio of each text beside its place in `texts`; texts of like length share a batch.

    Raises:
        InputError: the voice is unknown, or a text has nothing that can be spoken.
    """
    speaker_id = model.speaker_id(speaker)
    tokens = [
        _tokens(text, phonemes) for text, phonemes in zip(texts, EspeakPhonemizer(model.language)(texts), strict=True)
    ]
    by_length = sorted(range(len(texts)), key=lambda place: len(tokens[place]))
    device = model.synthesizer.speaker_embedding.weight.device
    generator = torch.Generator(device).manual_seed(style.seed)
    for start in range(0, len(by_length), style.batch_size):
        places = by_length[start : start + style.batch_size]
        speech = model.synthesizer.infer(
            pad_sequence([tokens[place] for place in places], batch_first=True).to(device),
            torch.tensor([len(tokens[place]) for place in places], device=device),
            torch.full((len(places),), speaker_id, device=device),
            noise_scale=style.noise_scale,
            length_scale=style.length_scale,
            generator=generator,
        )
        for row, place in enumerate(places):
            yield place, speech.audio[row, 0, : int(speech.lengths[row])].float().clamp(-1, 1).cpu()


def _tokens(text: str, phonemes: str) -> Tensor:
    try:
        return Tokenizer()(phonemes)
    except InputError:
        raise InputError(f"the text {text!r} has nothing that can be spoken; write words") from None
