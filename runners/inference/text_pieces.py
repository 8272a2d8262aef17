"""Texts of any length as pieces that are spoken one by one: sentences, and what long sentences fall into.

Attention needs memory by the square of a text's length, and a model learns from single sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

LONGEST_PIECE = 200  # characters: some 12 s of speech, as long as recordings for training are
SENTENCE_END = re.compile(r"(?<=[.!?…。！？])[\"'”’»)\]]*\s+")
CLAUSE_END = re.compile(r"(?<=[,;:—])\s+")
BLANK = re.compile(r"\s+")
# initials and titles: their dots end no sentence
ABBREVIATION = re.compile(
    r"(?:^|[\s.(])(?:[a-z]|capt|col|dr|drs|etc|gen|hon|jr|lt|maj|mr|mrs|ms|nr|prof|rev|sgt|sr|st|vs)\.$", re.IGNORECASE
)


def text_pieces(text: str, longest: int = LONGEST_PIECE) -> list[str]:
    """The text in pieces of at most `longest` characters: nothing is lost but blanks, and the order stays.

    A text that is short enough is one piece. A longer one is cut at the ends of its sentences; what is still too
    long at commas and the like, then between words, and a word that is too long is cut itself.

    Raises:
        ValueError: `longest` is below 1.
    """
    if longest < 1:
        raise ValueError(f"longest={longest} must be 1 or more")
    text = text.strip()
    if len(text) <= longest:
        return [text] if text else []
    return [piece for sentence in _sentences(text) for piece in _fitting(sentence, longest)]


def _sentences(text: str) -> Iterator[str]:
    """The sentences of a text; the dot of an abbreviation ends none."""
    start = 0
    for end in SENTENCE_END.finditer(text):
        if not ABBREVIATION.search(text[max(start, end.start() - 8) : end.start()]):
            yield text[start : end.end()].strip()
            start = end.end()
    if text[start:].strip():
        yield text[start:].strip()


def _fitting(sentence: str, longest: int) -> Iterator[str]:
    """A sentence in pieces that are short enough, as few as clauses and words allow."""
    if len(sentence) <= longest:
        yield sentence
        return
    clauses = _cut(sentence, CLAUSE_END)
    yield from _joined((part for clause in clauses for part in _words(clause, longest)), longest)


def _words(clause: str, longest: int) -> Iterator[str]:
    """The clause if it is short enough, else runs of its words that are."""
    if len(clause) <= longest:
        yield clause
        return
    pieces = (word[at : at + longest] for word in _cut(clause, BLANK) for at in range(0, len(word), longest))
    yield from _joined(pieces, longest)


def _cut(text: str, boundary: re.Pattern[str]) -> list[str]:
    places = [0, *(match.end() for match in boundary.finditer(text)), len(text)]
    return [text[start:end].strip() for start, end in pairwise(places) if text[start:end].strip()]


def _joined(parts: Iterator[str], longest: int) -> Iterator[str]:
    """Neighbours put together as long as they fit."""
    piece = ""
    for part in parts:
        if piece and len(piece) + 1 + len(part) > longest:
            yield piece
            piece = part
        else:
            piece = f"{piece} {part}" if piece else part
    if piece:
        yield piece
