"""Names that look alike are one, and file names are as different as what they are made of."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vits.common.errors import InputError
from vits.common.names import LONGEST_STEM, check_distinct, check_name, check_visible, file_stem, look, shown

# few letters, so that examples meet: capitals, separators, escapes, Unicode forms, reserved names, lone surrogates
LETTERS = [
    "a",
    "A",
    "b",
    "-",
    "/",
    "+",
    "~",
    "2",
    "d",
    "f",
    ".",
    " ",
    "é",
    "e\u0301",
    "ß",
    "\u200b",
    "%",
    "\\",
    "\ud800",
]
NAMES = st.text(st.sampled_from("".join(LETTERS)), max_size=6) | st.text(max_size=300)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Anna", "anna"),
        ("Zo\u00eb", "Zoe\u0308"),
        ("anna", "an\u200bna"),
        ("anna", "anna\u00ad"),
        ("anna", "\u202eanna"),
        ("anna", "anna\ufe0f"),
        ("anna", "anna\u3164"),
        ("anna 1", "anna\u00a01"),
        ("anna 1", "anna  1"),
        ("anna", "\uff41nna"),
        ("straße", "STRASSE"),
        ("ﬁn", "fin"),
    ],
)
def test_names_are_refused_when_they_look_alike(first: str, second: str) -> None:
    with pytest.raises(InputError, match="which differ only in case, Unicode form") as error:
        check_distinct(["ben", first, second], "speaker", "metadata.csv")
    message = str(error.value)
    assert ascii(first) in message
    assert ascii(second) in message
    assert message.isprintable()


def test_names_are_kept_when_they_differ() -> None:
    names = ["anna", "ana", "anna1", "anna", "Änna", "1", "01", "अ", "अं"]
    check_distinct(names, "speaker", "metadata.csv")
    assert len({look(name) for name in names}) == len(set(names))


@pytest.mark.parametrize("name", ["a\x1b[31m", "a\nb", "\t", "a\x7f", "\u200b", "", "\u2028", "a\x9b", "\u3164"])
def test_name_is_refused_when_it_moves_the_cursor_or_cannot_be_seen(name: str) -> None:
    with pytest.raises(InputError, match=r"^table: the speaker .*(control|visible) character") as error:
        check_visible(name, "speaker", "table")
    assert str(error.value).isprintable()


def test_name_is_composed_when_it_is_written_in_parts() -> None:
    assert check_visible("Zoe\u0308", "speaker", "table") == "Zo\u00eb"


@given(st.text(max_size=8))
def test_look_is_the_same_when_the_case_or_form_is_another(name: str) -> None:
    assert look(unicodedata.normalize("NFD", name)) == look(name)
    assert look(name + "\u200b") == look(name)


@pytest.mark.parametrize("name", ["demo", "v1.2", "my-voices_2", "a=b,c+d", "2026", "_x"])
def test_name_is_allowed_when_it_can_be_a_folder(name: str) -> None:
    assert check_name(name, "name") == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "/x",
        "x/y",
        "x\\y",
        "~",
        "[bold]x",
        "a b",
        "-x",
        ".x",
        "x.",
        "a\n",
        "é",
        "con",
        "NUL.txt",
        "a\0",
        "x" * 101,
        "a:b",
        "${x}",
        "*",
        "\u202ex",
    ],
)
def test_name_is_refused_when_it_cannot_be_a_folder(name: str) -> None:
    with pytest.raises(InputError, match=r"^name=.* can't name a folder; use") as error:
        check_name(name, "name")
    assert str(error.value).isprintable()


def test_stem_is_readable_when_the_names_are_plain() -> None:
    assert file_stem("040", "test/040/017") == "040-test+040+017"
    assert file_stem("a-b", "c") == "a~2db-c"


@given(NAMES, NAMES, NAMES, NAMES)
def test_stems_differ_on_every_file_system_when_the_utterances_do(a: str, b: str, c: str, d: str) -> None:
    first, second = file_stem(a, b), file_stem(c, d)
    assert (first.lower() == second.lower()) == ((a, b) == (c, d))


@given(st.text(st.sampled_from("aA-/~+"), max_size=4), st.integers(0, 4))
def test_stems_differ_when_a_letter_moves_from_one_name_to_the_other(letters: str, cut: int) -> None:
    stems = {file_stem(letters[:i], letters[i:]).lower() for i in range(len(letters) + 1)}
    assert len(stems) == len(letters) + 1


@given(NAMES, NAMES)
def test_stem_is_safe_when_the_names_are_anything(speaker: str, utterance: str) -> None:
    stem = file_stem(speaker, utterance)
    assert re.fullmatch(r"[A-Za-z0-9_~][A-Za-z0-9_~+-]*", stem)
    assert len(stem) <= LONGEST_STEM


def test_file_can_be_made_when_the_names_are_long(tmp_path: Path) -> None:
    names = ["x" * 400, "x" * 401, "X" * 400, "漢" * 100, "漢" * 101]
    for name in names:
        (tmp_path / f"{file_stem(name, name)}.flac").touch(exist_ok=False)
    assert len(list(tmp_path.iterdir())) == len(names)


@given(st.text(max_size=200))
def test_text_is_one_short_line_when_shown(text: str) -> None:
    assert shown(text, quoted=False).isprintable()
    assert shown(text).isprintable()
