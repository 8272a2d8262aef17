"""Kokoro's numbers for phonemes."""

from __future__ import annotations

from runners.corpus_making.kokoro import TOKENS, tokens_of


def test_tokens_are_kokoros_numbers_when_the_phonemes_are_espeaks() -> None:
    assert tokens_of("hˈaɪ, dʒˈɔːɹdʒ") == [50, 156, 43, 102, 3, 16, 46, 147, 156, 76, 158, 123, 46, 147]
    assert len(TOKENS) == len(set(TOKENS.values())) == 114
    assert TOKENS["ᵻ"] == 177


def test_symbols_are_dropped_when_kokoro_does_not_know_them() -> None:
    assert tokens_of("n̩w") == [TOKENS["n"], TOKENS["w"]]
