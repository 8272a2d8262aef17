"""The symbols of a coqui model, in the order in which its code numbers them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vits.formats.vits_sizes import Part
from vits.reference.config_section import Section

OF_VITS = "VitsCharacters"
IN_GENERAL = ("IPAPhonemes", "Graphemes", "BaseCharacters")
BLANK_OF_VITS = "<BLNK>"
LOWERING = (
    "basic_cleaners",
    "basic_german_cleaners",
    "english_cleaners",
    "french_cleaners",
    "italian_cleaners",
    "multilingual_cleaners",
    "portuguese_cleaners",
    "transliteration_cleaners",
)
PHONEMIZERS = ("espeak", "", None)


def coqui_alphabet(config: Section, symbols: Sequence[str] | None, language: str | None) -> Part:
    """The alphabet as `ModelSpec` takes it.

    Raises:
        InputError: the symbols aren't told, or texts are read in a way that isn't built here.
    """
    phonemes = config.flag("use_phonemes")
    if phonemes and config.values.get("phonemizer") not in PHONEMIZERS:
        raise config.refuse("phonemizer", config.values["phonemizer"], "it must be espeak")
    if not phonemes:
        config.choice("text_cleaner", LOWERING)
    known = Section.of(config.values, "characters", config.source)
    listed, blank = _numbered(known, phonemes=phonemes) if symbols is None else (list(symbols), _text(known, "blank"))
    ends = config.flag("enable_eos_bos_chars")
    return {
        "name": "phonemes" if phonemes else "letters",
        "symbols": listed,
        "blank": _id_of(listed, blank, known, "blank") if config.flag("add_blank", default=True) else None,
        "begin": [_id_of(listed, _text(known, "bos"), known, "bos")] if ends else [],
        "end": [_id_of(listed, _text(known, "eos"), known, "eos")] if ends else [],
        "language": language or str(config.values.get("phoneme_language") or ""),
    }


def _numbered(known: Section, *, phonemes: bool) -> tuple[list[str], str]:
    """The symbols by their ids, and which of them is the blank."""
    listed = known.values.get("vocab_dict")
    if isinstance(listed, list) and listed:
        return [str(symbol) for symbol in listed], _text(known, "blank")
    letters, ipa = _text(known, "characters"), _text(known, "phonemes")
    kind = str(known.values.get("characters_class") or IN_GENERAL[0 if phonemes else 1]).rpartition(".")[2]
    if kind == OF_VITS:
        return [_text(known, "pad"), *_text(known, "punctuations"), *letters, *ipa, BLANK_OF_VITS], BLANK_OF_VITS
    if kind not in IN_GENERAL:
        raise known.refuse("characters_class", kind, f"it must be one of {', '.join((OF_VITS, *IN_GENERAL))}")
    spelled = _ordered(known, ipa if kind == IN_GENERAL[0] and ipa else letters)
    special = [_text(known, name) for name in ("pad", "eos", "bos", "blank")]
    return [*(symbol for symbol in special if symbol), *spelled, *_text(known, "punctuations")], special[-1]


def _ordered(known: Section, letters: str) -> list[str]:
    unique, in_order = known.flag("is_unique"), known.flag("is_sorted", default=True)
    if unique and not in_order:
        raise known.refuse("is_unique", True, "without is_sorted their order isn't known; give symbols=...")
    chosen: Any = set(letters) if unique else letters
    return sorted(chosen) if in_order else list(chosen)


def _text(known: Section, name: str) -> str:
    return str(known.values.get(name) or "")


def _id_of(listed: Sequence[str], symbol: str, known: Section, name: str) -> int:
    if symbol not in listed:
        raise known.refuse(name, symbol, "it must be one of the symbols")
    return len(listed) - 1 - list(reversed(listed)).index(symbol)
