"""Scripts: which one a letter belongs to, and which ones a voice of a language reads."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

LATIN = "LATIN"
_TOGETHER = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "KATAKANA-HIRAGANA": "CJK", "FULLWIDTH": LATIN, "HALFWIDTH": "CJK"}
_NO_SCRIPTS = ("FEMININE", "MASCULINE", "MICRO", "MODIFIER")  # ª, º, µ, ʼ
_READ_BY: Mapping[str, str] = MappingProxyType(
    {
        "ARABIC": "ar fa sd ug ur",
        "ARMENIAN": "hy hyw",
        "BENGALI": "as bn bpy",
        "CHEROKEE": "chr",
        "CJK": "cmn hak ja ko yue",
        "CYRILLIC": "ba be bg bs cv kk ky mk nog ru sr tt uk",
        "DEVANAGARI": "hi kok mr ne",
        "ETHIOPIC": "am ti",
        "GEORGIAN": "ka",
        "GREEK": "el grc",
        "GUJARATI": "gu",
        "GURMUKHI": "pa",
        "HANGUL": "ko",
        "HEBREW": "he",
        "KANNADA": "kn",
        "MALAYALAM": "ml",
        "MYANMAR": "my shn",
        "ORIYA": "or",
        "SHAVIAN": "en-shaw",
        "SINHALA": "si",
        "TAMIL": "ta",
        "TELUGU": "te",
        "THAI": "th",
    }
)
"""The languages, by espeak's codes, that are written in another script than Latin, which espeak reads in all."""


def script_of(letter: str) -> str:
    """The first word of the letter's name in Unicode, which is its script; Japanese ones count as one."""
    name = unicodedata.name(letter, "UNKNOWN").split()[0]
    return LATIN if name in _NO_SCRIPTS else _TOGETHER.get(name, name)


def scripts_read_in(language: str) -> frozenset[str]:
    """The scripts whose letters espeak reads in a language; those of others it spells out by name, or leaves out."""
    codes = {language, language.split("-")[0]}
    return frozenset({LATIN, *(script for script, languages in _READ_BY.items() if codes & set(languages.split()))})


def unread_letters(text: str, language: str) -> str:
    """The letters of a text in scripts that a language doesn't read, each once, in their order."""
    read = scripts_read_in(language)
    return "".join(letter for letter in dict.fromkeys(text) if letter.isalpha() and script_of(letter) not in read)
