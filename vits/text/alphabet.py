"""The alphabet of a model: which symbols its text encoder reads, by which ids, and what makes them of a spelling.

A model made here reads the 205 symbols of VITS2 and says nothing of them. One that came from elsewhere brings its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from vits.common.bounds import AtLeast, AtMost, Items, check_fields
from vits.common.errors import InputError
from vits.text.phonemizer import EspeakPhonemizer
from vits.text.reader import LetterReader, Reader
from vits.text.symbols import SYMBOLS
from vits.text.tokens import Tokenizer

ENGLISH = "en-us"
MOST_SYMBOLS = 10_000

SymbolList = Annotated[Sequence[str], Items(1, MOST_SYMBOLS)]
SymbolId = Annotated[int, AtLeast(0), AtMost(MOST_SYMBOLS - 1)]
Ends = Annotated[Sequence[SymbolId], Items(0, 8)]


@dataclass(frozen=True)
class Alphabet(ABC):
    """The place of a symbol is its id, and "" an id that no symbol has.

    `blank` is put around each symbol, `begin` and `end` around each text. `language` is that of the texts that the
    model was trained on, as espeak's code; empty if it isn't known.

    Raises:
        InputError: an id has no symbol.
    """

    symbols: SymbolList = SYMBOLS
    blank: SymbolId | None = 0
    begin: Ends = ()
    end: Ends = ()
    language: str = ""

    def __post_init__(self) -> None:
        check_fields(self, "model.alphabet")
        beyond = [number for number in (self.blank, *self.begin, *self.end) if (number or 0) >= len(self.symbols)]
        if beyond:
            raise InputError(
                f"model.alphabet has {len(self.symbols)} symbols, but puts number {beyond[0]} around them; "
                f"give an id below {len(self.symbols)}"
            )

    @property
    def tokenizer(self) -> Tokenizer:
        """What turns the reader's string into ids."""
        return Tokenizer(tuple(self.symbols), self.blank, tuple(self.begin), tuple(self.end))

    @abstractmethod
    def reader(self, language: str) -> Reader:
        """What makes symbols of texts in a language, given as espeak's code.

        Raises:
            InputError: there is no such language.
        """


@dataclass(frozen=True)
class PhonemeAlphabet(Alphabet):
    """Reads IPA as espeak writes it."""

    def reader(self, language: str) -> Reader:
        return EspeakPhonemizer(language)


@dataclass(frozen=True)
class DecomposedPhonemeAlphabet(PhonemeAlphabet):
    """Reads IPA whose marks stand apart from their letters, as Piper does (Unicode's NFD)."""

    @property
    def tokenizer(self) -> Tokenizer:
        return replace(super().tokenizer, decomposed=True)


@dataclass(frozen=True)
class LetterAlphabet(Alphabet):
    """Reads the letters of the spelling, as MMS does; what isn't spelled out (numbers, signs) isn't spoken."""

    def reader(self, language: str) -> Reader:
        return LetterReader()
