"""Kokoro's voices, alone and mixed."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from jaxtyping import Float32

from vits.common.errors import InputError
from vits.common.names import check_distinct

LANGUAGES = {"a": "en-us", "b": "en-gb"}  # espeak's code by the first letter of a voice's name
FOREIGN = dict.fromkeys("efhijpz", "en-us")  # voices of other languages; what they read is English all the same
ACCENTS = LANGUAGES | FOREIGN
STYLE_CHANNELS = 256

_VOICE = re.compile(r"(?:(?P<speaker>[\w+.-]+):)?(?P<parts>\w+(?:\+\w+)*)", re.ASCII)


@dataclass(frozen=True)
class Voice:
    """One of Kokoro's voices, or an equal mixture of several, under the name it has in the corpus.

    `change` names what was done to the recordings afterwards (`transformations`), if anything.
    """

    speaker: str
    parts: tuple[str, ...]
    change: str = ""

    def __str__(self) -> str:
        return "+".join(self.parts) + (f"@{self.change}" if self.change else "")

    @property
    def language(self) -> str:
        """The accent as espeak's code; a mixture has that of the voice named first."""
        return ACCENTS[self.parts[0][0]]


def parse_voices(text: str) -> list[Voice]:
    """The voices of a comma list such as `af_heart,040:af_sky+am_onyx`; without a name they are their own.

    Raises:
        InputError: an entry can't be read, isn't an English voice, or has another's name.
    """
    voices = [_parse_voice(entry.strip()) for entry in text.split(",")]
    speakers = [voice.speaker for voice in voices]
    for speaker in speakers:
        if speakers.count(speaker) > 1:
            raise InputError(f"voices={text} has two speakers {speaker}; name one of them otherwise (name:voice)")
    check_distinct(speakers, "speaker", f"voices={text}")
    return voices


def _parse_voice(entry: str) -> Voice:
    match = _VOICE.fullmatch(entry)
    if match is None:
        raise InputError(
            f"{entry!r} is no voice; give af_heart, a mixture (af_sky+am_onyx) or a named one (040:af_heart)"
        )
    parts = tuple(match["parts"].split("+"))
    unknown = [part for part in parts if part[0] not in ACCENTS]
    if unknown:
        raise InputError(
            f"{unknown[0]} isn't a voice of Kokoro's; choose names that begin with a (American), b (British) or "
            f"one of {', '.join(FOREIGN)} (other languages)"
        )
    speaker = match["speaker"] or match["parts"]
    if not speaker.strip("."):
        raise InputError(f"{entry!r} names a speaker {speaker!r}, which can't be a folder; choose another name")
    return Voice(speaker, parts)


def read_styles(package: Path, voices: Sequence[Voice]) -> list[Float32[np.ndarray, "lengths channels"]]:
    """Each voice's style vectors, one for every number of tokens; those of a mixture are averages.

    Raises:
        InputError: the package has no such voice.
    """
    needed = {part for voice in voices for part in voice.parts}
    known: list[str] = []
    styles: dict[str, Float32[np.ndarray, "lengths channels"]] = {}
    with tarfile.open(package) as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            content = archive.extractfile(member) if path.parent.name == "voices" and path.suffix == ".bin" else None
            if content is None:
                continue
            known.append(path.stem)
            if path.stem in needed:
                styles[path.stem] = np.frombuffer(content.read(), "<f4").reshape(-1, STYLE_CHANNELS)
    unknown = sorted(needed - styles.keys())
    if unknown:
        english = ", ".join(sorted(name for name in known if name[0] in LANGUAGES))
        raise InputError(f"Kokoro has no voice {unknown[0]}; choose from {english}")
    return [np.stack([styles[part] for part in voice.parts]).mean(axis=0, dtype=np.float32) for voice in voices]
