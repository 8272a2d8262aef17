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

from runners.results.finished_bundle import load_finished
from vits.common.errors import InputError
from vits.model_spec import ModelSpec
from vits.synthesizer import Synthesizer
from vits.text.phonemizer import EspeakPhonemizer
from vits.text.tokens import Tokenizer

SHOWN = 10  # voices that a message lists


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
            newest = list(self.speaker_ids)[::-1]
            shown = ", ".join(newest[:SHOWN]) + (", ..." if len(newest) > SHOWN else "")
            raise InputError(f"the cell has no voice {name!r}; choose one of {shown}")
        return self.speaker_ids[name]


@dataclass(frozen=True)
class SpeakingStyle:
    """How to speak: the spread of the latent around its mean, the stretch of time, and what draws the noise."""

    noise_scale: float = 0.667
    length_scale: float = 1.0
    seed: int = 0
    batch_size: int = 16


def load_adapted(directory: Path, device: torch.device) -> AdaptedModel:
    """Read the model of a finished cell, or of any other bundle, with all voices that it was trained on.

    Raises:
        InputError: the folder is no bundle, or the cell isn't finished.
    """
    bundle = load_finished(directory)
    speaker_ids = {bundle.speakers[row].name: row for row in bundle.trained_rows}
    return AdaptedModel(bundle.spec, bundle.synthesizer.to(device).eval(), speaker_ids, _language(directory))


def _language(directory: Path) -> str:
    """The language of the recordings that a cell was trained on; a base of unknown language is taken for English."""
    path = directory / "config.yaml"
    config = OmegaConf.load(path) if path.is_file() else OmegaConf.create()
    return str(OmegaConf.select(config, "data.language", default="en-us"))


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
