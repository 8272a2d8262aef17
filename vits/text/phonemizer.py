"""IPA from spelling, by espeak-ng out of a Python wheel: no system package is needed."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from vits.common.errors import InputError
from vits.text.cleaning import collapse_whitespace, speakable
from vits.text.reader import Reader

if TYPE_CHECKING:
    from phonemizer.backend import EspeakBackend

# Marks at the end of a word separate phrases; inside one ("3.5", "12:30", "o.k.") they belong to it.
_MARKS = re.compile(r"(\s*(?:[—…]+|[;:,.!?¡¿]+(?=[\s—…]|$)|(?<!\S)[¡¿]+)[;:,.!?—…]*\s*)")


class EspeakVoice(NamedTuple):
    """Espeak's `name` of what speaks a language, by which other programs ask it, and that language in English."""

    name: str
    language: str


@dataclass(frozen=True)
class EspeakPhonemizer(Reader):
    """Writes texts in IPA with stress marks and the punctuation of the spelling.

    `language` is one of espeak's codes, such as en-us, en-gb or de; the phonemes of another language than
    English are given as espeak writes them, and those outside the alphabet are dropped by the tokenizer.

    Raises:
        InputError: espeak has no such language.
    """

    language: str = "en-us"

    def __post_init__(self) -> None:
        known = self.languages()
        if self.language not in known:
            relatives = [code for code in known if code.split("-")[0] == self.language.lower().split("-")[0]]
            raise InputError(
                f"espeak has no language {self.language!r}; choose a code such as "
                f"{', '.join(relatives or ['en-us', 'en-gb', 'de', 'fr-fr', 'es'])} "
                f"(EspeakPhonemizer.languages() lists all {len(known)})"
            )

    @property
    def name(self) -> str:
        """The language: no two of them are read alike."""
        return self.language

    @property
    def takes_phonemes(self) -> bool:
        return True

    @property
    def voice(self) -> EspeakVoice:
        """The voice that speaks it: fr for fr-fr, en for en-gb, which other programs can't ask by their codes."""
        from phonemizer.backend.espeak.wrapper import EspeakWrapper

        _espeak_backend()
        found = next(voice for voice in EspeakWrapper().available_voices() if voice.language == self.language)
        return EspeakVoice(found.identifier.split("/")[-1].lower(), found.name.split(" (")[0])

    @staticmethod
    def languages() -> list[str]:
        """The codes of the languages that espeak speaks."""
        return sorted(_espeak_backend().supported_languages())

    def __call__(self, texts: Sequence[str]) -> list[str]:
        """The phonemes of each text, in order: always as many as texts, "" where nothing is spoken.

        The punctuation is kept apart here and not by the phonemizer package, which loses count of its marks
        at empty texts and at quotes, and then puts them into other texts.
        """
        pieces = [_MARKS.split(speakable(text, self.language)) for text in texts]
        phrases = [phrase for text in pieces for phrase in text[::2] if phrase.strip()]
        spoken = iter(self._backend.phonemize(phrases, strip=True) if phrases else [])
        return [
            _joined([next(spoken) if phrase.strip() else "" for phrase in text[::2]], text[1::2]) for text in pieces
        ]

    def __reduce__(self) -> tuple[type[EspeakPhonemizer], tuple[str]]:
        return type(self), (self.language,)  # a process that unpickles it loads the library itself

    @cached_property
    def _backend(self) -> EspeakBackend:
        return _espeak_backend()(
            self.language,
            punctuation_marks=re.compile(r"(?!)"),  # none: marks that are still there belong to a word
            with_stress=True,
            language_switch="remove-flags",
            logger=_silent(),
        )


def _joined(phrases: Sequence[str], marks: Sequence[str]) -> str:
    """The phrases with the marks that stood between them."""
    text = "".join(phrase + mark for phrase, mark in zip(phrases, [*marks, ""], strict=True))
    return collapse_whitespace(text) if any(phrase.strip() for phrase in phrases) else ""


def _espeak_backend() -> type[EspeakBackend]:
    """The phonemizer package's espeak backend, told to use the library from the wheel."""
    import espeakng_loader
    from phonemizer.backend import EspeakBackend
    from phonemizer.backend.espeak.wrapper import EspeakWrapper

    EspeakWrapper.set_library(espeakng_loader.get_library_path())
    EspeakWrapper.set_data_path(espeakng_loader.get_data_path())
    return EspeakBackend


def _silent() -> logging.Logger:
    """A logger for the phonemizer package, which warns of every text that mixes languages."""
    logger = logging.Logger("espeak", level=logging.CRITICAL + 1)
    logger.addHandler(logging.NullHandler())
    return logger
