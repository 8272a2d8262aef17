"""Whether a voice can read what it is to say."""

from __future__ import annotations

from collections.abc import Sequence

from vits.common.errors import InputError
from vits.common.names import shown
from vits.text.cleaning import visible
from vits.text.scripts import unread_letters

SHOWN = 12  # letters that a warning names


def check_script(texts: Sequence[str], language: str) -> str | None:
    """A warning that names the letters that a voice of that language can't read, or none if it reads all.

    Raises:
        InputError: there is a text of which it can read nothing.
    """
    unread = {text: letters for text in map(visible, texts) if (letters := unread_letters(text, language))}
    for text, letters in unread.items():
        if not any(letter.isalnum() and letter not in letters for letter in text):
            raise InputError(
                f"nothing of the text {shown(text)} can be read by a voice of the language {language}; write it in "
                "that language's script, or choose a voice of the text's language"
            )
    if not unread:
        return None
    named = list(dict.fromkeys("".join(unread.values())))
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return (
        f"a voice of the language {language} can't read {', '.join(named[:SHOWN])}{more} in {len(unread)} of "
        f"{len(texts)} texts, the first of them {shown(next(iter(unread)))}; they are spelled out or left out"
    )
