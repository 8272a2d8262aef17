"""What a base model was trained on, as fingerprints: enough to see that a sentence or a recording is not new to it, or
that a sound is.

A bundle may bring them as `trained_on.csv`, lines `kind|fingerprint` where the kind is spelling, phonemes, recording
or symbol. A fingerprint can be compared and not be read, so the file may be shared where the texts may not.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from vits.common.checksums import check_listed
from vits.common.errors import InputError
from vits.common.names import shown
from vits.corpus.clip import Clip
from vits.corpus.text_file import numbered_lines

FILE = "trained_on.csv"
HEADER = "kind|fingerprint"
REMEDY = "make the bundle again, or remove the file to go without it"
_FINGERPRINT = re.compile("[0-9a-f]{12}")


def fingerprint(text: str) -> str:
    """Twelve hexadecimal digits that another text has with a probability of 4e-15; white space doesn't count."""
    return hashlib.blake2b(" ".join(text.split()).encode(), digest_size=6).hexdigest()


def symbols_of(phonemes: Iterable[str]) -> tuple[str, ...]:
    """The symbols that phonemes are written with, each once, in their order; white space is none."""
    return tuple(dict.fromkeys(symbol for text in phonemes for symbol in text if not symbol.isspace()))


@dataclass(frozen=True)
class TrainedOn:
    """Fingerprints of sentences by spelling (`Clip.sentence`) and by phonemes, of recordings' samples, and of the
    symbols that phonemes are written with (none where nobody wrote them down).
    """

    spelling: frozenset[str] = frozenset()
    phonemes: frozenset[str] = frozenset()
    recording: frozenset[str] = frozenset()
    symbol: frozenset[str] = frozenset()

    @classmethod
    def of(cls, clips: Iterable[Clip], recordings: Iterable[str] = ()) -> TrainedOn:
        """Of the clips that a model is trained on; `recordings` are the fingerprints of their samples, if known."""
        clips = list(clips)
        spoken = {clip.text: clip for clip in clips if clip.text}  # each text once: most are read by many
        return cls(
            frozenset(fingerprint(clip.sentence) for clip in spoken.values()),
            frozenset(fingerprint(phonemes) for phonemes in {clip.phonemes for clip in clips} if phonemes),
            frozenset(recordings),
            frozenset(map(fingerprint, symbols_of(clip.phonemes or "" for clip in clips))),
        )

    def __or__(self, other: TrainedOn) -> TrainedOn:
        """What either was trained on."""
        return TrainedOn(*(getattr(self, kind.name) | getattr(other, kind.name) for kind in fields(self)))

    def unheard(self, phonemes: str) -> str:
        """The symbols that it wasn't trained on, each once, in their order; none where its symbols aren't known."""
        new = symbols_of([phonemes]) if self.symbol else ()
        return "".join(symbol for symbol in new if fingerprint(symbol) not in self.symbol)

    def knows_spelling(self, clip: Clip) -> bool:
        """Whether the words of the clip were trained on; punctuation and case don't count."""
        return bool(clip.text) and fingerprint(clip.sentence) in self.spelling

    def knows_phonemes(self, clip: Clip) -> bool:
        """Whether exactly the phonemes of the clip were trained on."""
        return bool(clip.phonemes) and fingerprint(clip.phonemes or "") in self.phonemes

    @property
    def text(self) -> str:
        """As it stands in a bundle's `FILE`."""
        lines = [f"{kind.name}|{mark}" for kind in fields(self) for mark in sorted(getattr(self, kind.name))]
        return "\n".join([HEADER, *lines]) + "\n"


def read_trained_on(directory: Path) -> TrainedOn | None:
    """What the bundle in a folder says it was trained on; None if it says nothing.

    Raises:
        InputError: the file is malformed, or was changed since it was written.
    """
    path = directory / FILE
    if not os.path.lexists(path):
        return None
    check_listed(path, REMEDY)
    known: dict[str, set[str]] = {kind.name: set() for kind in fields(TrainedOn)}
    header, *lines = numbered_lines(path) or [(1, "")]
    if header[1] != HEADER:
        raise InputError(f"{path}:{header[0]}: the header is {shown(header[1])}; it must be {HEADER!r}")
    for number, line in lines:
        kind, _, mark = line.partition("|")
        if kind not in known or not _FINGERPRINT.fullmatch(mark):
            raise InputError(
                f"{path}:{number}: {shown(line)} isn't kind|fingerprint with one of {', '.join(known)}; {REMEDY}"
            )
        known[kind].add(mark)
    return TrainedOn(**{kind: frozenset(marks) for kind, marks in known.items()})
