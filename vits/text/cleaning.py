"""Spelling made ready for a phonemizer: only what is spoken, and where the voice pauses."""

from __future__ import annotations

import re
import unicodedata

_LOOKALIKES = str.maketrans({"’": "'", "‘": "'", "`": "'", "–": "—", "―": "—"})
_JOINERS = "\u200c\u200d"  # they shape letters of Persian and of Indic scripts
_UNSPOKEN = re.compile(r'["“”„«»()\[\]{}<>*_|~^]')
_TITLES = {
    "capt": "captain",
    "col": "colonel",
    "dr": "doctor",
    "drs": "doctors",
    "gen": "general",
    "hon": "honorable",
    "jr": "junior",
    "lt": "lieutenant",
    "maj": "major",
    "mr": "mister",
    "mrs": "missus",
    "ms": "miz",
    "prof": "professor",
    "rev": "reverend",
    "sgt": "sergeant",
    "st": "saint",
}
_TITLE = re.compile(rf"\b({'|'.join(sorted(_TITLES, key=len, reverse=True))})\.(?=\s+\w)", re.IGNORECASE)


def visible(text: str) -> str:
    """The text in Unicode's composed form, control characters as blanks, and nothing that can't be seen.

    A soft hyphen, a zero-width space or a letter in two parts changes neither what is read nor what is spoken, but it
    would change phonemes and word errors; a NUL would end the text for espeak.
    """
    if text.isascii() and text.isprintable():
        return text
    composed = unicodedata.normalize("NFC", text)
    return "".join(_seen(letter) for letter in composed)


def _seen(letter: str) -> str:
    category = unicodedata.category(letter)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    return "" if category == "Cf" and letter not in _JOINERS else letter


def collapse_whitespace(text: str) -> str:
    """The text with one space for every run of blanks or line breaks, and none at its ends."""
    return " ".join(text.split())


def speakable(text: str, language: str) -> str:
    """The text without quotes and brackets, its typographic variants unified and English titles in full.

    Capitals stay: espeak reads "I" and "US" by them, and the reference's phonemes were made with them. The dot of
    "Dr. Smith" would otherwise be taken for the end of a sentence.
    """
    plain = _UNSPOKEN.sub(" ", visible(text).translate(_LOOKALIKES))
    if language.split("-")[0] == "en":
        plain = _TITLE.sub(lambda title: _TITLES[title[1].lower()], plain)
    return collapse_whitespace(plain)
