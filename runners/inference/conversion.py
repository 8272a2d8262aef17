"""From a recording to the same words in an adapted voice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from metrics.judges.judge import Judges
from metrics.judges.recorded_voiceprints import recorded_voiceprints
from metrics.metric import Utterance
from runners.cli.inference_arguments import ConvertArguments
from runners.inference.adapted_model import AdaptedModel, load_adapted
from runners.training.devices import make_fabric
from vits.checkpoint import load_tensors
from vits.common.atomic_files import default_cache_dir
from vits.common.errors import InputError
from vits.corpus.audio import read_audio, write_audio
from vits.spectrogram import AudioAnalysis

SHORTEST_S = 0.1  # below this there is no phoneme to convert, and no voice to recognise
LONGEST_S = 60.0  # attention needs memory by the square of the length
VOICEPRINTS = "voiceprints.safetensors"
REMEDY = "give source=<a new voice of the cell>"


@dataclass(frozen=True)
class Source:
    """Who speaks in a recording: a speaker's id in the model, and how to call them."""

    id: int
    label: str


def convert_file(arguments: ConvertArguments) -> None:
    """Write the converted recording, and say whose voice it was taken for.

    Raises:
        InputError: the cell, a voice, the recording or the place to write can't be used; nothing is written then.
    """
    directory = Path(arguments.run)
    model = load_adapted(directory, make_fabric(arguments.device, "32").device)
    target = model.speaker_id(arguments.speaker)
    sample_rate = model.spec.analysis().sample_rate
    wave = _read(Path(arguments.audio), model.spec.analysis())
    if arguments.source is None:
        source = nearest_speaker(model, directory, wave)
    else:
        source = Source(model.speaker_id(arguments.source), arguments.source)
    converted = convert(model, wave, source.id, target)
    write_audio(Path(arguments.out), converted.numpy(), sample_rate)
    print(f"wrote {arguments.out}: {arguments.speaker} instead of {source.label}")


def _read(path: Path, analysis: AudioAnalysis) -> Float32[np.ndarray, "samples"]:
    wave = read_audio(path, analysis.sample_rate)
    duration_s = len(wave) / analysis.sample_rate
    shortest_s = max(SHORTEST_S, analysis.n_fft / analysis.sample_rate)
    if duration_s < shortest_s:
        raise InputError(f"{path} is {duration_s:.3f} s long; give {shortest_s:.2g} s of speech or more")
    if duration_s > LONGEST_S:
        raise InputError(f"{path} is {duration_s:.0f} s long; cut it into pieces of at most {LONGEST_S:.0f} s")
    return wave


def nearest_speaker(model: AdaptedModel, directory: Path, wave: Float32[np.ndarray, "samples"]) -> Source:
    """The speaker of the model, new or of the base, whose voiceprint is nearest to the recording's by cosine.

    Raises:
        InputError: it isn't known how the speakers sound, or the recording holds no sound.
    """
    voiceprints = _voiceprints(directory, model.synthesizer.speaker_embedding.n_speakers)
    recording = Utterance("recording", "unknown", "", wave, model.spec.analysis().sample_rate)
    judges = Judges(default_cache_dir(), torch.device("cpu"))
    similarities = voiceprints @ recorded_voiceprints([recording], judges)[0]
    similarities[~voiceprints.any(dim=1)] = -torch.inf
    nearest = int(similarities.argmax())
    names = {row: name for name, row in model.speaker_ids.items()}
    label = f"{names.get(nearest, f'base speaker {nearest}')} (cosine {float(similarities[nearest]):.2f})"
    return Source(nearest, label)


def _voiceprints(directory: Path, n_speakers: int) -> Float[Tensor, "speakers print"]:
    """The unit voiceprint of each speaker, zeros where it is unknown."""
    path = directory / VOICEPRINTS
    voiceprints = load_tensors(path).get("voiceprints", torch.zeros(0)) if path.is_file() else torch.zeros(0)
    if not voiceprints.any():
        raise InputError(f"{directory} doesn't tell how its speakers sound ({VOICEPRINTS}); {REMEDY}")
    if len(voiceprints) != n_speakers:
        raise InputError(f"{path} holds {len(voiceprints)} voiceprints for {n_speakers} speakers; {REMEDY}")
    return voiceprints


def convert(
    model: AdaptedModel, wave: Float32[np.ndarray, "samples"], source: int, target: int
) -> Float[Tensor, "samples"]:
    """The recording in the target's voice, as long as it was."""
    device = model.synthesizer.speaker_embedding.weight.device
    hop_length = model.spec.analysis().hop_length
    padded = np.pad(wave, (0, -len(wave) % hop_length))
    spectrogram = model.spec.spectrogram()(torch.from_numpy(padded).unsqueeze(0)).to(device)
    decoded = model.synthesizer.convert(
        spectrogram,
        torch.tensor([spectrogram.shape[2]], device=device),
        torch.tensor([source], device=device),
        torch.tensor([target], device=device),
    )
    return decoded.audio[0, 0, : len(wave)].float().clamp(-1, 1).cpu()
