"""The 200 test sentences that ship with the project: nothing is trained on them, and all of English is in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vits.corpus.clip import Clip
from vits.text.phonemizer import EspeakPhonemizer
from vits.trained_on import read_trained_on

ROOT = Path(__file__).parents[3]
CONSONANTS = ["b", "d", "f", "h", "j", "k", "l", "m", "n", "p", "s", "t", "v", "w", "z"]
CONSONANTS += ["ð", "ŋ", "ɡ", "ɹ", "ɾ", "ʃ", "ʒ", "θ", "tʃ", "dʒ"]
VOWELS = ["æ", "ɑː", "ɐ", "ə", "ɛ", "ɜː", "ɪ", "iː", "ɔː", "ʊ", "uː", "ʌ", "aɪ", "aʊ", "eɪ", "oʊ", "ɔɪ"]
IN_AMERICA = {"æ", "ɾ", "oʊ"}  # a tapped t, and vowels that are a and əʊ in Britain
LEAST = 12  # of each phoneme


@pytest.fixture(scope="module")
def sentences() -> list[str]:
    return (ROOT / "assets" / "test_sentences" / "english.txt").read_text(encoding="utf-8").splitlines()


def _clip(text: str) -> Clip:
    return Clip(Path(), "", text, "")


def _sentence(text: str) -> str:
    return _clip(text).sentence


def test_there_are_200_plain_sentences_of_5_to_15_words_when_they_are_counted(sentences: list[str]) -> None:
    assert len({_sentence(text) for text in sentences}) == len(sentences) == 200
    assert all(5 <= len(text.split()) <= 15 for text in sentences)
    assert all(re.fullmatch(r"[A-Z][A-Za-z' ,]*[.?!]", text) for text in sentences)


def test_no_demo_voice_says_a_test_sentence_when_the_assets_are_compared(sentences: list[str]) -> None:
    said = (ROOT / "assets" / "demo_voices" / "sentences.txt").read_text(encoding="utf-8").splitlines()
    assert not {_sentence(text) for text in sentences} & {_sentence(text) for text in said}


def test_the_demo_base_was_trained_on_no_test_sentence_when_its_list_is_searched(sentences: list[str]) -> None:
    known = read_trained_on(ROOT / "assets" / "demo_base")
    assert known is not None
    assert not [text for text in sentences if known.knows_spelling(_clip(text))]


@pytest.mark.parametrize("language", ["en-us", "en-gb"])
def test_every_phoneme_is_there_often_when_espeak_reads_the_sentences(language: str, sentences: list[str]) -> None:
    ipa = " ".join(EspeakPhonemizer(language)(sentences))
    counts = {phoneme: ipa.count(phoneme) for phoneme in (*CONSONANTS, *VOWELS)}
    counts["ʒ"] -= counts["dʒ"]
    counts["ʃ"] -= counts["tʃ"]
    absent = set() if language == "en-us" else IN_AMERICA
    assert {phoneme: n for phoneme, n in counts.items() if n < LEAST and phoneme not in absent} == {}
