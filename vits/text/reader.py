"""What makes of a spelling the string whose symbols a text encoder reads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from vits.text.cleaning import collapse_whitespace, visible


class Reader(ABC):
    """Makes phonemes, or letters, of texts."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What tells readers apart whose results differ."""

    @property
    @abstractmethod
    def takes_phonemes(self) -> bool:
        """Whether phonemes that a corpus brings stand for what this reader would have made of the spelling."""

    @abstractmethod
    def __call__(self, texts: Sequence[str]) -> list[str]:
        """One string for each text, in order."""


class LetterReader(Reader):
    """Leaves a text as it is spelled but for case, invisible characters and runs of blanks."""

    @property
    def name(self) -> str:
        return "letters"

    @property
    def takes_phonemes(self) -> bool:
        return False

    def __call__(self, texts: Sequence[str]) -> list[str]:
        return [collapse_whitespace(visible(text)).lower() for text in texts]
