from __future__ import annotations

import json
from pathlib import Path

from vits.text.symbols import SYMBOLS
from vits.text.tokens import Tokenizer


def test_ids_are_those_of_the_checkpoints_when_compared_with_the_table() -> None:
    table = json.loads((Path(__file__).parent / "symbols.json").read_text(encoding="utf-8"))
    assert list(SYMBOLS) == table
    assert len(SYMBOLS) == 205


def test_later_id_wins_when_a_symbol_stands_twice() -> None:
    assert [i for i, symbol in enumerate(SYMBOLS) if symbol == "'"] == [201, 203]
    assert Tokenizer(blank=None)("'").tolist() == [203]
