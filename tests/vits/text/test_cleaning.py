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
    ],
)
def test_only_what_is_spoken_remains_when_cleaned(text: str, cleaned: str) -> None:
    assert speakable(text, "en-us") == cleaned


def test_titles_stay_when_the_language_is_not_english() -> None:
    assert speakable("Dr. Weiss", "de") == "Dr. Weiss"
