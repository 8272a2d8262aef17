"""Tokens: the ids of a phoneme string, as the text encoder takes them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Int64
from torch import Tensor

from vits.common.errors import InputError
from vits.text.symbols import BLANK, SYMBOLS, symbol_ids


@dataclass(frozen=True)
class Tokenizer:
    """Turns phonemes into ids, by default with a blank around each (0 a 0 b 0).

    The blanks give the alignment places for pauses and transitions; checkpoints of the reference need them.
    """

    add_blank: bool = True

    @property
    def n_symbols(self) -> int:
        """How many rows the text encoder's embedding needs."""
        return len(SYMBOLS)

    def __call__(self, phonemes: str) -> Int64[Tensor, "tokens"]:
        """The ids of the known symbols; symbols outside the alphabet are dropped.

        Raises:
            InputError: no symbol is known, or the text has nothing but spaces.
        """
        ids = [self._ids[symbol] for symbol in phonemes if symbol in self._ids]
        if not any(symbol in self._ids and not symbol.isspace() for symbol in phonemes):
            raise InputError(
                f"the phonemes {phonemes!r} contain no known symbol; give IPA as espeak writes it, "
                "or let the project make it from the spelling"
            )
        if not self.add_blank:
            return torch.tensor(ids, dtype=torch.int64)
        tokens = torch.full((2 * len(ids) + 1,), self._ids[BLANK], dtype=torch.int64)
        tokens[1::2] = torch.tensor(ids, dtype=torch.int64)
        return tokens

    @cached_property
    def _ids(self) -> dict[str, int]:
        return symbol_ids()
