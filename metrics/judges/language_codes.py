"""Languages as espeak and as Whisper call them, and what Whisper's authors say of them."""

from __future__ import annotations

from vits.common.errors import InputError

ENGLISH = "en"
SAME_LANGUAGE = {"cmn": "zh", "nb": "no"}  # where espeak's code isn't Whisper's
WITHOUT_SPACES = ("zh", "yue", "ja", "th", "lo", "my")
"""Languages that don't separate words, so that errors are counted by letters: Radford et al. 2023, section 3.2 and
appendix C, https://arxiv.org/abs/2212.04356; Cantonese came later."""


def whisper_code(language: str) -> str:
    """Whisper's code of one of espeak's languages: `en` of `en-us`."""
    family = language.split("-")[0]
    return SAME_LANGUAGE.get(family, family)


def is_english(language: str) -> bool:
    """Whether it is English, of any accent."""
    return whisper_code(language) == ENGLISH


def separates_words(language: str) -> bool:
    """Whether there are spaces between the words of it."""
    return whisper_code(language) not in WITHOUT_SPACES


def check_known_to_whisper(language: str) -> None:
    """Whisper hears that language.

    Raises:
        InputError: it doesn't.
    """
    from whisper.tokenizer import LANGUAGES

    if whisper_code(language) not in LANGUAGES:
        raise InputError(
            f"Whisper doesn't hear data.language={language}; leave out the metrics of errors, such as "
            "metrics=[secs,secs_ge2e]"
        )
