"""Phonemes from the cache are those of the phonemizer, whatever became of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from vits.common.kept_files import keep_json
from vits.corpus.phoneme_cache import cached_phonemes
from vits.text.phonemizer import EspeakPhonemizer

TEXTS = ["The kettle is singing.", "Anna", "..."]


def test_phonemes_come_from_the_file_when_the_same_texts_are_asked_again(tmp_path: Path) -> None:
    phonemizer = EspeakPhonemizer()
    expected = phonemizer(TEXTS)
    assert cached_phonemes(TEXTS, phonemizer, tmp_path) == expected
    (file,) = (tmp_path / "phonemes").iterdir()
    keep_json(file, ["from", "the", "file"])
    assert cached_phonemes(TEXTS, phonemizer, tmp_path) == ["from", "the", "file"]


def test_languages_do_not_share_phonemes_when_texts_are_equal(tmp_path: Path) -> None:
    american = cached_phonemes(["bath"], EspeakPhonemizer("en-us"), tmp_path)
    assert cached_phonemes(["bath"], EspeakPhonemizer("en-gb"), tmp_path) != american


@pytest.mark.parametrize("damage", [b"", b"[", b'["too few"]', b'["a", "b", "c"]', b"\xff\xfe"])
def test_phonemes_are_made_again_when_the_file_is_damaged(tmp_path: Path, damage: bytes) -> None:
    phonemizer = EspeakPhonemizer()
    cached_phonemes(TEXTS, phonemizer, tmp_path)
    (file,) = (tmp_path / "phonemes").iterdir()
    file.write_bytes(damage)
    assert cached_phonemes(TEXTS, phonemizer, tmp_path) == phonemizer(TEXTS)


@pytest.mark.parametrize("value", [["too", "few"], [1, 2, 3], {"a": "b"}, None, "abc"])
def test_phonemes_are_made_again_when_the_file_holds_something_else(tmp_path: Path, value: object) -> None:
    phonemizer = EspeakPhonemizer()
    cached_phonemes(TEXTS, phonemizer, tmp_path)
    (file,) = (tmp_path / "phonemes").iterdir()
    keep_json(file, value)
    assert cached_phonemes(TEXTS, phonemizer, tmp_path) == phonemizer(TEXTS)


def test_phonemes_are_made_again_when_a_letter_changed(tmp_path: Path) -> None:
    phonemizer = EspeakPhonemizer()
    cached_phonemes(TEXTS, phonemizer, tmp_path)
    (file,) = (tmp_path / "phonemes").iterdir()
    file.write_bytes(file.read_bytes().replace(b"k", b"g", 1))
    assert cached_phonemes(TEXTS, phonemizer, tmp_path) == phonemizer(TEXTS)
