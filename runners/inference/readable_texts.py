"""Whether a voice can read what it is to say."""

from __future__ import annotations

from collections.abc import Sequence

from vits.common.errors import InputError
from vits.common.names import shown
from vits.text.cleaning import visible
from vits.text.reader import Reader
from vits.text.scripts import unread_letters
from vits.text.symbols import shown_symbol
from vits.trained_on import TrainedOn

SHOWN = 12  # letters that a warning names


def unheard_sounds(texts: Sequence[str], reader: Reader, known: TrainedOn) -> str | None:
    """A warning that names the symbols of the texts that a model was never trained on; none if it knows all,
    or nobody says what it knows.
    """
    if not known.symbol:
        return None
    found = {text: new for text, phonemes in zip(texts, reader(texts), strict=True) if (new := known.unheard(phonemes))}
    if not found:
        return None
    named = _listed([shown_symbol(symbol) for symbol in dict.fromkeys("".join(found.values()))], " ")  # commas are some
    return (
        f"the model was never trained on {named}, which {len(found)} of {len(texts)} texts have, the first of "
        f"them {shown(next(iter(found)))}; there it may mumble: use other words or marks"
    )


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
    return (
        f"a voice of the language {language} can't read {_listed(named)} in {len(unread)} of "
        f"{len(texts)} texts, the first of them {shown(next(iter(unread)))}; they are spelled out or left out"
    )


def _listed(symbols: Sequence[str], between: str = ", ") -> str:
    """The first of them, and how many more there are."""
    more = f" and {len(symbols) - SHOWN} more" if len(symbols) > SHOWN else ""
    return between.join(symbols[:SHOWN]) + more
