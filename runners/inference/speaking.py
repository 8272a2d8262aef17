"""From lines of text to audio files, with an adapted voice."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from runners.cli.inference_arguments import SpeakArguments
from runners.inference.adapted_model import AdaptedModel, load_adapted, load_packed
from runners.inference.readable_texts import check_script, unheard_sounds
from runners.inference.text_to_speech import SpeakingStyle, say
from runners.training.devices import make_fabric
from vits.common.errors import InputError
from vits.common.readers import LARGEST_TEXT_BYTES, decode_typed_text, read_bytes, shown_path
from vits.corpus.audio import write_audio
from vits.corpus.roots import resolve_folder


def speak_to_files(arguments: SpeakArguments) -> list[Path]:
    """Write the audio of every line; returns the files in the order of the lines.

    Raises:
        InputError: the cell, the voice, the text or the place to write can't be used; nothing is written then.
    """
    style = SpeakingStyle(arguments.noise_scale, arguments.length_scale, arguments.seed, arguments.batch_size)
    texts = _texts(arguments)
    model, speaker = _voice(arguments)
    unread = check_script(texts, model.language)
    unheard = unheard_sounds(texts, model.spec.alphabet().reader(model.language), model.trained_on)
    for warning in filter(None, (unread, unheard)):
        print(f"warning: {warning}", file=sys.stderr)
    paths = _paths(Path(arguments.out), len(texts), single=arguments.text is not None)
    sample_rate = model.spec.analysis().sample_rate
    for place, audio in say(model, texts, speaker, style):
        write_audio(paths[place], audio.numpy(), sample_rate)
    return paths


def _voice(arguments: SpeakArguments) -> tuple[AdaptedModel, str]:
    """The model to speak with, and its voice: of a cell or of a pack."""
    device = make_fabric(arguments.device, "32").device
    if arguments.pack is not None:
        if arguments.run is not None or arguments.speaker is not None:
            raise InputError("pack=... has its voice in it; leave out run and speaker, or leave out pack")
        model = load_packed(Path(arguments.pack), resolve_folder(arguments.base), device)
        return model, model.new_voices[0]
    if arguments.run is None or arguments.speaker is None:
        raise InputError("whose voice? give run=<a finished cell> speaker=<its voice>, or pack=<a .voice file>")
    return load_adapted(Path(arguments.run), device), arguments.speaker


def _texts(arguments: SpeakArguments) -> list[str]:
    """The lines to speak, without empty ones."""
    if arguments.text is not None and arguments.file is not None:
        raise InputError("both text and file are given; give one of them")
    if arguments.text is not None:
        lines: Sequence[str] = [arguments.text]
    elif arguments.file is not None:
        path = Path(arguments.file)
        lines = decode_typed_text(read_bytes(path, LARGEST_TEXT_BYTES), shown_path(path)).splitlines()
    else:
        lines = decode_typed_text(sys.stdin.buffer.read(), "the standard input").splitlines()
    texts = [line.strip() for line in lines if line.strip()]
    if not texts:
        raise InputError("there is no text to speak; give text=..., file=..., or lines on standard input")
    return texts


def _paths(out: Path, count: int, *, single: bool) -> list[Path]:
    """One file for one sentence, numbered files in a folder for lines."""
    if single:
        return [out]
    if out.is_file():
        raise InputError(f"{out} is a file; give a folder for {count} lines")
    return [out / f"{number:04}.wav" for number in range(1, count + 1)]
