"""Tokens: the ids of a phoneme string, as the text encoder takes them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Int64
from torch import Tensor

from vits.common.errors import InputError
from vits.text.symbols import SYMBOLS


@dataclass(frozen=True)
class Tokenizer:
    """Turns phonemes, or letters, into ids, by default with a blank around each (0 a 0 b 0).

    The blanks give the alignment places for pauses and transitions; checkpoints of the reference need them. The place
    of a symbol is its id; of one that stands twice it is the later place. One of several characters is never read,
    but may be put around texts by its id: `begin` and `end`. `blank=None` puts nothing between symbols, and
    `decomposed` takes marks from their letters first (Unicode's NFD).
    """

    symbols: Sequence[str] = SYMBOLS
    blank: int | None = 0
    begin: Sequence[int] = ()
    end: Sequence[int] = ()
    decomposed: bool = False

    @property
    def n_symbols(self) -> int:
        """How many rows the text encoder's embedding needs."""
        return len(self.symbols)

    def __call__(self, phonemes: str) -> Int64[Tensor, "tokens"]:
        """The ids of the known symbols; symbols outside the alphabet are dropped.

        Raises:
            InputError: no symbol is known, or the text has nothing but spaces.
        """
        spelled = unicodedata.normalize("NFD", phonemes) if self.decomposed else phonemes
        ids = [self._ids[symbol] for symbol in spelled if symbol in self._ids]
        if not any(symbol in self._ids and not symbol.isspace() for symbol in spelled):
            raise InputError(
                f"the phonemes {phonemes!r} contain no known symbol; give IPA as espeak writes it, "
                "or let the project make it from the spelling"
            )
        return torch.tensor([*self.begin, *self._with_blanks(ids), *self.end], dtype=torch.int64)

    def _with_blanks(self, ids: list[int]) -> list[int]:
        if self.blank is None:
            return ids
        spaced = [self.blank] * (2 * len(ids) + 1)
        spaced[1::2] = ids
        return spaced

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {symbol: place for place, symbol in enumerate(self.symbols)}
