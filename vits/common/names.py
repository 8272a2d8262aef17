"""Names that people give: how they are shown, compared, allowed, and turned into file names."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

from vits.common.errors import InputError

LONGEST_STEM = 200  # bytes; file systems take 255, and a suffix or a temporary name is added
LONGEST_PART = 255  # bytes
LONGEST_NAME = 100
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.,=+-]*")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)  # by Windows
_DEFAULT_IGNORABLE = "\u115f\u1160\u17b4\u17b5\u3164\uffa0\u034f\u2800"  # blank letters and marks


def shown(text: str, longest: int = 60, quoted: bool = True) -> str:
    """A text as a message repeats it: shortened, and with control characters and invisible ones spelled out."""
    if len(text) > longest:
        text = f"{text[: longest - 3]}..."
    return repr(text) if quoted else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def is_invisible(letter: str) -> bool:
    """Whether a character leaves no mark of its own: controls, formats, variation selectors, blank letters."""
    category = unicodedata.category(letter)
    selector = "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"
    return category in ("Cc", "Cf", "Cs", "Co", "Cn") or selector or letter in _DEFAULT_IGNORABLE


def look(name: str) -> str:
    """What two names have in common that look alike: case, Unicode form, blanks and what is invisible don't count."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join("".join(letter for letter in folded if not is_invisible(letter)).split())


def check_distinct(names: Iterable[str], what: str, where: str) -> None:
    """No two different names look alike.

    Raises:
        InputError: two do; the error names both.
    """
    seen: dict[str, str] = {}
    for name in dict.fromkeys(names):
        other = seen.setdefault(look(name), name)
        if other != name:
            raise InputError(
                f"{where} has the {what}s {other!a} and {name!a}, which differ only in case, Unicode form, "
                f"blanks or an invisible character; write one {what} the same way everywhere, or rename one of two"
            )


def check_visible(name: str, what: str, where: str) -> str:
    """The name in Unicode's composed form (NFC), if it can be seen and moves no cursor.

    Raises:
        InputError: it has a control character, or nothing in it is visible.
    """
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in name):
        raise InputError(f"{where}: the {what} {name!a} has a control character; remove it")
    if not look(name):
        raise InputError(f"{where}: the {what} {name!a} has no visible character; give it a name")
    return unicodedata.normalize("NFC", name)


def check_name(name: str, what: str) -> str:
    """The name, if it can be a folder's on every system: of an experiment, or of a split.

    Raises:
        InputError: it is empty, leads elsewhere (`..`, a separator) or has other characters than allowed.
    """
    fits = _NAME.fullmatch(name) and not name.endswith(".") and not _RESERVED.fullmatch(name)
    if not fits or len(name) > LONGEST_NAME:
        raise InputError(
            f"{what}={shown(name)} can't name a folder; use up to {LONGEST_NAME} of the characters "
            "A-Z a-z 0-9 _ . , = + -, first a letter, digit or _, and no . at the end"
        )
    return name


def check_folder(path: str, what: str) -> str:
    """The path of a folder to write into, if it is one.

    Raises:
        InputError: it is empty or blank, has a control character, or a part that no file system takes.
    """
    strange = any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in path)
    if not path.strip() or strange or any(len(part.encode()) > LONGEST_PART for part in path.split("/")):
        raise InputError(f"{what}={shown(path)} can't be a folder; give a path without control characters")
    return path


def file_stem(speaker: str, utterance: str) -> str:
    """A file name without suffix for an utterance of a speaker; no other utterance has it, whatever it is called.

    `ada` and `wavs/017` give `ada-wavs+017`. Other characters than letters, digits, `_` and `-` are written as `~`
    and their two hexadecimal digits, so that the name needs no quotes in a shell or an address. A name of more
    than 200 bytes is cut, and a hash follows it; so it does where there are capitals, as some file systems take
    `A` for `a`.
    """
    stem = f"{_escaped(speaker, '')}-{_escaped(utterance, '-/').replace('/', '+')}"
    if len(stem) <= LONGEST_STEM and stem == stem.lower() and speaker:
        return stem
    digest = hashlib.blake2b(digest_size=12)
    for part in (speaker, utterance):
        content = part.encode("utf-8", "surrogatepass")
        digest.update(len(content).to_bytes(8, "little") + content)
    mark = f"~~{digest.hexdigest()}"  # an escape is never followed by another ~ alone, so no other name ends like this
    return (stem[: LONGEST_STEM - len(mark)] if speaker else "~") + mark


def _escaped(name: str, kept: str) -> str:
    """The name with every byte but ASCII letters, digits, `_` and those `kept` as ~ and two hexadecimal digits."""
    return "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in f"_{kept}") else _escape(letter)
        for letter in name
    )


def _escape(letter: str) -> str:
    return "".join(f"~{byte:02x}" for byte in letter.encode("utf-8", "surrogatepass"))
