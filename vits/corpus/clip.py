"""One recorded utterance and what was said in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from vits.common.errors import InputError

_NO_WORD = re.compile(r"[^\w']|_")


@dataclass(frozen=True)
class Clip:
    """A recording of one sentence by one speaker.

    `name` is unique within a corpus: the file's path below the corpus root, without suffix. `speaker` is an
    id and not a number ("040" stays "040"). `text` is the spelling, the reference for word error rates, and
    empty where it is unknown; `phonemes` is its IPA where the corpus brings one. `split` says what the clip
    may be used for: train, validation, test, or a name of the corpus's own. `recogniser` is the speech recogniser
    that wrote the text, None where a person did, or nobody says.
    """

    path: Path
    speaker: str
    text: str
    name: str
    phonemes: str | None = None
    split: str | None = None
    recogniser: str | None = None

    @property
    def sentence(self) -> str:
        """What makes two clips say the same: the words of the text without case and punctuation."""
        words = _NO_WORD.sub(" ", self.text.casefold())
        return " ".join(words.split()) or self.text.strip() or (self.phonemes or "").strip()


def in_split(clips: Iterable[Clip], split: str) -> list[Clip]:
    """The clips of one split, in their order.

    Raises:
        InputError: no clip is in it.
    """
    clips = list(clips)
    found = [clip for clip in clips if clip.split == split]
    if not found:
        present = sorted({str(clip.split) for clip in clips})
        raise InputError(
            f"no clip is in the split {split!r}; choose one of {', '.join(present) or '(no clips at all)'}"
        )
    return found
