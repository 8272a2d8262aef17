from __future__ import annotations

import pytest

from vits.text.cleaning import speakable


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  two\n words ", "two words"),
        ("“Yes” (he said)", "Yes he said"),
        ("it’s", "it's"),
        ("Dr. Smith met Mrs. Jones", "doctor Smith met missus Jones"),
        ("the US and I", "the US and I"),
        ("rain\u00adbow\u200b \ufefffor\u2060med", "rainbow formed"),
        ("one\x00two\x1b\u2028three", "one two three"),
        ("cafe\u0301", "caf\u00e9"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_only_what_is_spoken_remains_when_cleaned(text: str, cleaned: str) -> None:
    assert speakable(text, "en-us") == cleaned


def test_titles_stay_when_the_language_is_not_english() -> None:
    assert speakable("Dr. Weiss", "de") == "Dr. Weiss"
