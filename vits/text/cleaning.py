"""Spelling made ready for a phonemizer: only what is spoken, and where the voice pauses."""

from __future__ import annotations

import re

_LOOKALIKES = str.maketrans({"’": "'", "‘": "'", "`": "'", "–": "—", "―": "—"})
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


def collapse_whitespace(text: str) -> str:
    """The text with one space for every run of blanks or line breaks, and none at its ends."""
    return " ".join(text.split())


def speakable(text: str, language: str) -> str:
    """The text without quotes and brackets, its typographic variants unified and English titles in full.

    Capitals stay: espeak reads "I" and "US" by them, and the reference's phonemes were made with them. The dot of
    "Dr. Smith" would otherwise be taken for the end of a sentence.
    """
    plain = _UNSPOKEN.sub(" ", text.translate(_LOOKALIKES))
    if language.split("-")[0] == "en":
        plain = _TITLE.sub(lambda title: _TITLES[title[1].lower()], plain)
    return collapse_whitespace(plain)
