from __future__ import annotations

import pytest
from linting_material import MakeClip

from runners.linting.finding import Severity
from runners.linting.spoken_texts import CHECK, differently_read

PLAIN = [
    "The kettle is singing.",
    "It's half past three, isn't it?",
    "“Naïve,” she said — no!",
    "Saint Mary may march on.",
]


def kinds(make_clip: MakeClip, *texts: str, language: str = "en-us") -> dict[str, tuple[str, ...]]:
    """The texts of each kind that the check names."""
    clips = [make_clip(f"clip{number}", text) for number, text in enumerate([*PLAIN, *texts])]
    findings = differently_read(clips, language)
    assert all(finding.check == CHECK and finding.severity is Severity.WARNING for finding in findings)
    return {finding.what.split(" texts have ")[1].split()[0]: finding.concerned for finding in findings}


def test_nothing_is_found_when_texts_are_written_as_spoken(make_clip: MakeClip) -> None:
    assert kinds(make_clip) == {}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("A rainbow (they have been formed) here.", "brackets"),
        ("[laughs] Hello.", "brackets"),
        ("<b>Hello</b>", "brackets"),
        ("【Hello】", "brackets"),
        ("In 1984.", "digits"),
        ("Half: ½ cup", "digits"),
        ("Chapter Ⅷ ends.", "digits"),
        ("Salt & pepper", "symbols"),
        ("Fifty %", "symbols"),
        ("ten $ or €", "symbols"),
        ("me@home", "symbols"),
        ("either/or", "symbols"),
        ("the U.S. army", "symbols"),
        ("Dr. Smith", "abbreviations"),
        ("St. Mary's", "abbreviations"),
        ("bread, milk, etc.", "abbreviations"),
        ("Moscow is Москва", "letters"),
        ("p\u0430ypal", "letters"),
        ("Tokyo, 東京", "letters"),
        ("alpha is α", "letters"),
    ],
)
def test_text_is_named_when_it_may_be_read_differently(text: str, kind: str, make_clip: MakeClip) -> None:
    assert kinds(make_clip, text)[kind] == (text,)


def test_script_is_the_corpus_s_own_when_most_letters_are_of_it(make_clip: MakeClip) -> None:
    clips = [make_clip("a", "Я живу в Москве."), make_clip("b", "Я пью чай."), make_clip("c", "Wow")]
    assert [finding.concerned for finding in differently_read(clips, "ru")] == [("Wow",)]


def test_japanese_is_one_script_when_it_mixes_its_letters(make_clip: MakeClip) -> None:
    assert differently_read([make_clip("a", "東京に住んでいます。カメラ")], "ja") == []


def test_abbreviations_are_looked_for_when_the_language_is_english(make_clip: MakeClip) -> None:
    assert differently_read([make_clip("a", "Nach St. Pauli usw.")], "de") == []


def test_text_is_counted_once_when_many_speak_it(make_clip: MakeClip) -> None:
    clips = [make_clip("a", "Salt & pepper"), make_clip("b", "Salt & pepper", "ben"), make_clip("c")]
    (finding,) = differently_read(clips, "en-us")
    assert finding.what == "1 of 1 texts have symbols"
