from __future__ import annotations

from pathlib import Path

import pytest
import torch
from piper.phoneme_ids import phonemes_to_ids
from piper.phonemize_espeak import EspeakPhonemizer as PiperEspeak
from torch.nn.utils.rnn import pad_sequence

from runners.inference.piper_graph import PiperReader
from runners.inference.piper_symbols import PiperSymbols
from vits.text.alphabet import Alphabet, DecomposedPhonemeAlphabet, PhonemeAlphabet
from vits.text.symbols import SYMBOLS
from vits.trained_on import TrainedOn, fingerprint, read_trained_on

ROOT = Path(__file__).parents[3]
DEMO_BASE, SENTENCES = ROOT / "assets" / "demo_base", ROOT / "assets" / "test_sentences" / "english.txt"
PIPERS = ("_", "^", "$", "ç", "c", "\u0327", "", "aɪ", "a", " ")
ALPHABETS = {
    "ours": PhonemeAlphabet(),
    "pipers": DecomposedPhonemeAlphabet(PIPERS, blank=0, begin=[1], end=[2]),
    "without_blank": PhonemeAlphabet(("a", "ç", "c", "_"), blank=None),
    "between_others": PhonemeAlphabet(("<", "a", "c", "ç", "_", ">", "<BLNK>"), blank=6, begin=[0, 0], end=[5, 0]),
}
TEXTS = ("ça", "a", "caçcaac", "ac")


def _known(*symbols: str) -> TrainedOn:
    return TrainedOn(symbol=frozenset(map(fingerprint, symbols)))


def _read(symbols: PiperSymbols, *ids: list[int]) -> list[list[int]]:
    lengths = torch.tensor([len(row) for row in ids])
    padded = pad_sequence([torch.tensor(row) for row in ids], batch_first=True, padding_value=symbols.ids["a"])
    tokens, counts = PiperReader(symbols)(padded, lengths)
    assert tokens.shape[1] <= counts.max() + 2  # room for one symbol if there is none
    return [row[:count].tolist() for row, count in zip(tokens, counts.tolist(), strict=True)]


@pytest.mark.parametrize("name", ALPHABETS)
def test_tokens_are_those_of_the_tokenizer_when_piper_gives_the_phonemes(name: str) -> None:
    alphabet: Alphabet = ALPHABETS[name]
    symbols = PiperSymbols(alphabet, TrainedOn())
    assert _read(symbols, *map(symbols.fed, TEXTS)) == [alphabet.tokenizer(text).tolist() for text in TEXTS]


@pytest.mark.parametrize("name", ALPHABETS)
def test_tokens_are_the_same_when_nothing_stands_between_symbols(name: str) -> None:
    """As sherpa-onnx's older versions leave out a `_`, and others all."""
    symbols = PiperSymbols(ALPHABETS[name], TrainedOn())
    pad = symbols.ids["_"]
    begin, _, *rest = symbols.fed("caç")
    bare = [number for number in rest if number != pad]
    assert _read(symbols, [begin, *rest], bare, symbols.fed("caç")) == _read(symbols, *[symbols.fed("caç")] * 3)


def test_ids_are_the_symbols_places_when_piper_gives_them_as_they_are() -> None:
    symbols = PiperSymbols(PhonemeAlphabet(), TrainedOn())
    places = {symbol: place for place, symbol in enumerate(SYMBOLS)}
    assert {symbol: number for symbol, number in symbols.ids.items() if symbol in SYMBOLS} == {
        symbol: place for symbol, place in places.items() if symbol != "ç"
    }
    assert {symbol: number for symbol, number in symbols.ids.items() if symbol not in SYMBOLS} == {
        "^": 205,
        "$": 206,
        "\u0327": 207,
    }
    assert symbols.compositions == [(places["c"], 207, places["ç"])]
    assert not symbols.unheard
    assert not symbols.unmapped


def test_ids_are_those_of_its_voice_when_the_model_came_from_piper() -> None:
    ids = PiperSymbols(ALPHABETS["pipers"], TrainedOn()).ids
    assert ids == {"_": 0, "^": 1, "$": 2, "ç": 3, "c": 4, "\u0327": 5, "a": 8, " ": 9}


def test_mark_is_left_out_when_it_stands_behind_another_letter() -> None:
    symbols = PiperSymbols(PhonemeAlphabet(), TrainedOn())
    assert _read(symbols, symbols.fed("a\u0327c")) == [PhonemeAlphabet().tokenizer("ac").tolist()]


def test_symbols_have_no_id_when_the_model_never_heard_them() -> None:
    symbols = PiperSymbols(PhonemeAlphabet(("_", "a", "ʲ", " ", "c", "ç")), _known("a", "ç"))
    assert symbols.unheard == ("ʲ", "c")
    assert set(symbols.ids) == {"_", "^", "$", "a", " ", "c", "\u0327"}  # c is half of another
    assert _read(symbols, symbols.fed("aʲ ç")) == [[0, 1, 0, 3, 0, 5, 0]]


def test_marks_are_heard_when_the_letters_that_they_stand_on_were() -> None:
    symbols = PiperSymbols(ALPHABETS["pipers"], _known("ç"))
    assert symbols.unheard == ("a",)
    assert set(symbols.ids) == {"_", "^", "$", "ç", "c", "\u0327", " "}


def test_symbol_is_named_when_piper_takes_two_marks_from_it() -> None:
    symbols = PiperSymbols(PhonemeAlphabet(("_", "ǖ", "a")), TrainedOn())
    assert symbols.unmapped == ("ǖ",)
    assert set(symbols.ids) == {"_", "^", "$", "a"}


def test_something_is_read_when_no_symbol_is_left() -> None:
    assert _read(PiperSymbols(ALPHABETS["ours"], TrainedOn()), [205, 0, 206]) == [[0]]


def test_sentences_are_read_by_the_same_symbols_when_piper_reads_them() -> None:
    """By Piper's own espeak, which is another version; what the embedded base never heard is left out."""
    alphabet, language = PhonemeAlphabet(), "en-us"
    symbols = PiperSymbols(alphabet, read_trained_on(DEMO_BASE) or TrainedOn())
    id_map = {symbol: [number] for symbol, number in symbols.ids.items()}
    texts = [line for line in SENTENCES.read_text(encoding="utf-8").splitlines() if line.strip()]
    espeak = PiperEspeak()
    spoken = [[letter for part in espeak.phonemize(language, text) for letter in part] for text in texts]
    given = [phonemes_to_ids([letter for letter in letters if letter in id_map], id_map) for letters in spoken]
    own = [alphabet.tokenizer(phonemes).tolist() for phonemes in alphabet.reader(language)(texts)]
    assert len(own) == 200
    assert any("ʲ" in letters for letters in spoken)
    assert _read(symbols, *given) == own
