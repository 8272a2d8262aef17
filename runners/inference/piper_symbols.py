"""How Piper's runtime tells a sentence to a voice, and what of it a model reads.

Piper takes marks from their letters (Unicode's NFD), looks up the id of each character in the voice's map, warns of
those that it lacks and leaves them out, and puts `_` between them and `^` and `$` around. sherpa-onnx does the same;
its older versions put no `_` before the first. https://github.com/OHF-Voice/piper1-gpl, `phoneme_ids.py`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from vits.formats.piper_voice import BEGIN, END, PAD
from vits.text.alphabet import Alphabet, DecomposedPhonemeAlphabet
from vits.trained_on import TrainedOn

AROUND = (PAD, BEGIN, END)


class Composition(NamedTuple):
    """The ids of a letter and of a mark that Piper takes from it, and the id of the one symbol that they are here."""

    letter: int
    mark: int
    whole: int


@dataclass(frozen=True)
class PiperSymbols:
    """The ids that a voice has for Piper: those of the model's symbols, and above them ids of characters that it lacks.

    Symbols that the model is known never to have been trained on have none. Piper then leaves them unspoken, where
    their rows would be heard as noise: its espeak writes some that another version of espeak doesn't.
    """

    alphabet: Alphabet
    known: TrainedOn

    @cached_property
    def ids(self) -> Mapping[str, int]:
        """The id of each character that Piper may give."""
        characters = dict.fromkeys((*AROUND, *"".join(map(self._given, self.spoken))))
        added = [character for character in characters if character not in self._places]
        ids = {**self._places, **{character: self.n_symbols + place for place, character in enumerate(added)}}
        return {character: ids[character] for character in characters}

    @property
    def n_symbols(self) -> int:
        """How many symbols the model has; the ids from here on are Piper's alone."""
        return len(self.alphabet.symbols)

    @cached_property
    def compositions(self) -> Sequence[Composition]:
        """What has to be put together again before the model reads it."""
        given = ((self._given(symbol), place) for symbol, place in self._places.items() if symbol in self.spoken)
        return [Composition(self.ids[pair[0]], self.ids[pair[1]], whole) for pair, whole in given if len(pair) == 2]

    @cached_property
    def unheard(self) -> tuple[str, ...]:
        """Symbols that the model was never trained on; none where nobody wrote them down."""
        return tuple(symbol for symbol in self._places if symbol not in self._heard and symbol not in AROUND)

    @cached_property
    def unmapped(self) -> tuple[str, ...]:
        """Symbols that Piper can't give: it takes several marks from them, which aren't put together again."""
        return tuple(symbol for symbol in self._places if len(self._given(symbol)) > 2)

    def fed(self, phonemes: str) -> list[int]:
        """The ids that Piper's runtime makes of phonemes."""
        letters = [letter for letter in unicodedata.normalize("NFD", phonemes) if letter in self.ids]
        inner = [self.ids[symbol] for letter in letters for symbol in (letter, PAD)]
        return [self.ids[BEGIN], self.ids[PAD], *inner, self.ids[END]]

    @cached_property
    def _places(self) -> Mapping[str, int]:
        """As the tokenizer finds them: one that stands twice has the later place."""
        return {symbol: place for place, symbol in enumerate(self.alphabet.symbols) if len(symbol) == 1}

    @cached_property
    def spoken(self) -> Sequence[str]:
        """The symbols that Piper shall be able to have spoken."""
        return [s for s in self._places if s not in (*AROUND, *self.unheard, *self.unmapped)]

    @cached_property
    def _heard(self) -> frozenset[str]:
        """Those that the model was trained on; where it reads marks apart, those of composed letters, too."""
        composed = map(chr, range(0xC0, 0x2000)) if self._reads_apart else ()
        heard = [symbol for symbol in (*self._places, *composed) if not self.known.unheard(symbol)]
        return frozenset((*heard, *"".join(map(_apart, heard))) if self._reads_apart else heard)

    @property
    def _reads_apart(self) -> bool:
        return isinstance(self.alphabet, DecomposedPhonemeAlphabet)

    def _given(self, symbol: str) -> str:
        """The characters that Piper gives for a symbol of the model."""
        return symbol if self._reads_apart else _apart(symbol)


def _apart(symbol: str) -> str:
    return unicodedata.normalize("NFD", symbol)
