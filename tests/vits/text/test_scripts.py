from __future__ import annotations

import pytest

from vits.text.phonemizer import EspeakPhonemizer
from vits.text.scripts import unread_letters


@pytest.mark.parametrize(
    ("language", "text", "unread"),
    [
        ("en-us", "Hello, naïve Zoë! 12 ½ µ", ""),
        ("en-us", "Say 你好你 to γεια", "你好γεια"),
        ("de", "Привет", "Привет"),
        ("ru", "Привет, Wikipedia", ""),
        ("ru-lv", "Привет", ""),
        ("cmn", "你好", ""),
        ("ja", "こんにちは、カナと漢字ー", ""),
        ("ko", "안녕 漢", ""),
        ("el", "γεια", ""),
        ("ar", "مرحبا", ""),
        ("hi", "नमस्ते", ""),
    ],
)
def test_letters_of_other_scripts_are_found(language: str, text: str, unread: str) -> None:
    assert unread_letters(text, language) == unread


@pytest.mark.parametrize(
    ("language", "text"), [("cmn", "你好"), ("ru", "мир"), ("bg", "мир"), ("he", "שלום"), ("el", "γεια")]
)
def test_letters_are_spelled_out_where_they_are_not_read(language: str, text: str) -> None:
    read, spelled = (EspeakPhonemizer(code)([text])[0] for code in (language, "en-us"))
    assert unread_letters(text, language) == ""
    assert unread_letters(text, "en-us") == text
    assert len(read) < len(spelled)
