from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from vits.common.errors import InputError
from vits.common.readers import read_yaml
from vits.corpus.clip import Clip
from vits.corpus.features import with_phonemes
from vits.model_spec import ModelSpec
from vits.text.alphabet import DecomposedPhonemeAlphabet, LetterAlphabet, PhonemeAlphabet
from vits.text.symbols import SYMBOLS

PIPER = ("_", "^", "$", "ç", "c", "\u0327", "", "aɪ", "a")


def with_alphabet(spec: ModelSpec, **alphabet: Any) -> ModelSpec:
    return ModelSpec({**spec.parts, "alphabet": alphabet})


def test_symbols_are_those_of_vits2_when_a_model_says_nothing(tiny_spec: ModelSpec) -> None:
    assert "alphabet" not in tiny_spec.parts
    assert tiny_spec.alphabet() == PhonemeAlphabet()
    assert tiny_spec.alphabet().tokenizer.symbols == SYMBOLS


def test_marks_are_read_apart_when_phonemes_are_decomposed() -> None:
    alphabet = DecomposedPhonemeAlphabet(PIPER, blank=0, begin=[1], end=[2])
    assert alphabet.tokenizer("ça").tolist() == [1, 0, 4, 0, 5, 0, 8, 0, 2]
    assert PhonemeAlphabet(PIPER, blank=None).tokenizer("ça").tolist() == [3, 8]


def test_blank_may_be_any_symbol_when_letters_are_read() -> None:
    alphabet = LetterAlphabet(("k", " ", "a", "s"), blank=0)
    (read,) = alphabet.reader("de")(["  Kas\n 12  ask!"])
    assert alphabet.tokenizer(read).tolist() == [0, 0, 0, 2, 0, 3, 0, 1, 0, 1, 0, 2, 0, 3, 0, 0, 0]


@pytest.mark.parametrize("name", ["phonemes", "letters", "decomposed_phonemes"])
def test_alphabet_is_the_same_when_written_and_read(name: str, tmp_path: Path, tiny_spec: ModelSpec) -> None:
    symbols = [*PIPER, "1", "~", "=", "-", "null", "#", "'", '"', "<<", "\u0329", "\U0001d11e", *SYMBOLS[20:100]]
    spec = with_alphabet(tiny_spec, name=name, symbols=symbols, blank=None, begin=[1], end=[], language="de")
    (tmp_path / "model.yaml").write_text(yaml.safe_dump(dict(spec.parts), sort_keys=False), encoding="utf-8")
    assert ModelSpec(read_yaml(tmp_path / "model.yaml", dict[str, Any])) == spec
    assert list(spec.alphabet().tokenizer.symbols) == symbols


def test_corpus_phonemes_are_left_out_when_letters_are_read(tmp_path: Path) -> None:
    clips = [Clip(Path("a"), "ada", "Good", "a", phonemes="ɡʊd"), Clip(Path("b"), "ada", "Day", "b")]
    letters = with_phonemes(clips, LetterAlphabet().reader("en-us"), tmp_path)
    assert [clip.phonemes for clip in letters] == ["good", "day"]
    assert [clip.phonemes for clip in with_phonemes(clips, PhonemeAlphabet().reader("en-us"), tmp_path)] == [
        "ɡʊd",
        "dˈeɪ",
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"symbols": ["a"], "blank": 1}, "has 1 symbols, but puts number 1 around them"),
        ({"symbols": []}, "symbols=.* must be a list of 1 to 10000 items"),
        ({"symbols": ["a", 7]}, r"symbols\[1\]=7 must be text"),
        ({"blank": "_"}, "blank='_' must be a whole number"),
        ({"name": "runes"}, "must be one of phonemes, decomposed_phonemes, letters"),
        ({"symbols": ["a"] * 300}, "n_symbols=205 doesn't fit the alphabet, which has 300"),
    ],
)
def test_alphabet_is_refused_when_it_cannot_be_read(
    changes: dict[str, Any], message: str, tiny_spec: ModelSpec
) -> None:
    with pytest.raises(InputError, match=message):
        spoken_with(tiny_spec, {"name": "phonemes", **changes})


def spoken_with(spec: ModelSpec, alphabet: dict[str, Any]) -> None:
    changed = with_alphabet(spec, **alphabet)
    changed.alphabet()
    changed.synthesizer(1)
