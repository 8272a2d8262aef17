from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vits.common.errors import InputError
from vits.text.symbols import SYMBOLS
from vits.text.tokens import Tokenizer

phonemes = st.text(st.sampled_from([symbol for symbol in SYMBOLS if symbol != " "]), min_size=1)


def test_blanks_surround_every_symbol_when_added() -> None:
    assert Tokenizer()("ab'").tolist() == [0, 43, 0, 44, 0, 203, 0]


def test_only_symbols_remain_when_no_blank_is_added() -> None:
    assert Tokenizer(blank=None)("ab").tolist() == [43, 44]


@given(phonemes)
def test_symbols_can_be_read_back_when_tokens_are_odd_positions(text: str) -> None:
    tokens = Tokenizer()(text)
    assert tokens.dtype == torch.int64
    assert len(tokens) == 2 * len(text) + 1
    assert not tokens[::2].any()
    assert "".join(SYMBOLS[i] for i in tokens[1::2]) == text
    assert tokens.max() < Tokenizer().n_symbols


@given(phonemes, st.text("東京\n\t0123456789{}", min_size=1))
def test_unknown_symbols_are_dropped_when_mixed_with_known_ones(text: str, unknown: str) -> None:
    assert torch.equal(Tokenizer()(unknown + text + unknown), Tokenizer()(text))


@pytest.mark.parametrize("text", ["", "   ", "東京", "12"])
def test_error_says_what_to_give_when_no_symbol_is_known(text: str) -> None:
    with pytest.raises(InputError, match="contain no known symbol; give IPA"):
        Tokenizer()(text)
