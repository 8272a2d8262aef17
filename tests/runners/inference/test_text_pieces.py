from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.inference.text_pieces import text_pieces

Words = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=1, max_size=30))
Texts = st.one_of(
    st.text(),
    Words.map(" ".join),
    st.lists(st.sampled_from(["Yes.", "no,", "Dr.", "J.", "well;", "why?", "(so.)", "long" * 20])).map(" ".join),
)


@given(text=Texts, longest=st.integers(1, 120))
def test_no_letter_is_lost_or_moved_when_a_text_is_cut(text: str, longest: int) -> None:
    pieces = text_pieces(text, longest)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(piece and piece == piece.strip() and len(piece) <= longest for piece in pieces)


@given(text=Texts)
def test_no_word_is_cut_when_all_words_fit(text: str) -> None:
    longest = max((len(word) for word in text.split()), default=1)
    assert [word for piece in text_pieces(text, longest) for word in piece.split()] == text.split()


@given(text=Texts)
def test_text_is_one_piece_when_it_is_short(text: str) -> None:
    assert text_pieces(text, max(1, len(text))) == ([text.strip()] if text.strip() else [])


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("One is here. Two is there! Three?", ["One is here.", "Two is there!", "Three?"]),
        ("Dr. J. Smith is in. He sat.", ["Dr. J. Smith is in.", "He sat."]),
        ('He said "no." She left.', ['He said "no."', "She left."]),
        ("It is 3.5 metres long, o.k. or not.", ["It is 3.5 metres", "long, o.k. or not."]),
        ("a first one, a second one, a third", ["a first one,", "a second one,", "a third"]),
    ],
)
def test_text_is_cut_where_a_voice_pauses_when_it_is_long(text: str, pieces: list[str]) -> None:
    assert text_pieces(text, 20) == pieces


def test_lengths_below_one_are_refused() -> None:
    with pytest.raises(ValueError, match="longest=0"):
        text_pieces("a", 0)
