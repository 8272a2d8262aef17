"""What using an adapted voice asks for."""

from __future__ import annotations

from dataclasses import dataclass

from runners.cli.arguments import argument
from runners.cli.checkpoint_arguments import check_format
from vits.common.quantities import BatchSize, LengthScale, NoiseScale, Seed

EXPORTED_VOICES = ("onnx", "piper", "sherpa_onnx")


@dataclass
class SpeakArguments:
    """What to say, with which voice, and where to write it."""

    out: str = argument("the audio file to write; for several lines a folder, which gets 0001.wav, 0002.wav, ...")
    run: str | None = argument("the folder of a finished cell", None)
    speaker: str | None = argument("the voice, a new speaker of the cell; a pack has one alone", None)
    pack: str | None = argument("a .voice file that runners/pack.py wrote, instead of run and speaker", None)
    base: str = argument("the bundle that the pack belongs to", "assets/demo_base")
    text: str | None = argument("the sentence; without text and file, lines are read from standard input", None)
    file: str | None = argument("a text file, one sentence a line", None)
    noise_scale: NoiseScale = argument("spread of the latent around its mean", 0.667)
    length_scale: LengthScale = argument("above 1 slower, below 1 faster", 1.0)
    seed: Seed = argument("what the noise is drawn with", 0)
    batch_size: BatchSize = argument("sentences spoken at a time", 16)
    device: str = argument("auto, cpu, cuda or mps", "auto")


@dataclass
class ConvertArguments:
    """What to convert, into which voice, and where to write it."""

    run: str = argument("the folder of a finished cell")
    speaker: str = argument("the voice to hear, a new speaker of the cell")
    audio: str = argument("the recording, of any common format and rate")
    out: str = argument("the audio file to write")
    source: str | None = argument(
        "who speaks in it, a new speaker of the cell; else who of all sounds most alike", None
    )
    device: str = argument("auto, cpu, cuda or mps", "auto")


@dataclass
class ExportArguments:
    """What to export, and where to write it."""

    run: str = argument("the folder of a finished cell")
    out: str = argument("the .onnx file to write; what belongs to it is written beside it")
    format: str = argument(
        f"who shall speak it, {', '.join(EXPORTED_VOICES)}: ONNX Runtime by inputs of our own, Piper, sherpa-onnx",
        EXPORTED_VOICES[0],
    )
    licence: str = argument("under which licence the voices may be used; it is written into the file", "")

    def __post_init__(self) -> None:
        check_format(self.format, EXPORTED_VOICES)
