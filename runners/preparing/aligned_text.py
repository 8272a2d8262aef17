"""A long transcript without times, divided among the pieces of its recording by what was heard in each.

Words of both are aligned by the fewest edits (Levenshtein), so that misheard words don't move the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

LEAST_AGREEMENT = 0.5  # of the words of a piece; below it, it isn't known where the piece is in the transcript


@dataclass(frozen=True)
class _Place:
    """The first and the last word of the transcript that were heard in a piece, how many were, and how many of what was
    heard lie before the first and behind the last."""

    first: int
    last: int
    matches: int
    before: int
    behind: int


def divided(text: str, heard: Sequence[str]) -> list[str]:
    """The words of the text that belong to each piece, "" where that isn't known."""
    words, said = text.split(), [_words(piece) for piece in heard]
    places = _places([_plain(word) for word in words], said)
    known = list(places)
    starts = {known[0]: max(places[known[0]].first - places[known[0]].before, 0)} if known else {}
    ends = {known[-1]: min(places[known[-1]].last + 1 + places[known[-1]].behind, len(words))} if known else {}
    for n, following in pairwise(known):
        ends[n], starts[following] = _boundary(places[n], places[following])
    found = [""] * len(heard)
    for n, place in places.items():
        if place.matches >= LEAST_AGREEMENT * max(ends[n] - starts[n], len(said[n])):
            found[n] = " ".join(words[starts[n] : ends[n]])
    return found


def _places(reference: Sequence[str], said: Sequence[Sequence[str]]) -> dict[int, _Place]:
    """The places of those pieces of which a word was found."""
    owners = [(n, position) for n, piece in enumerate(said) for position in range(len(piece))]
    pairs: dict[int, list[tuple[int, int]]] = {}
    for ours, theirs in _matches(reference, [word for piece in said for word in piece]):
        owner, position = owners[theirs]
        pairs.setdefault(owner, []).append((ours, position))
    return {
        n: _Place(found[0][0], found[-1][0], len(found), found[0][1], len(said[n]) - 1 - found[-1][1])
        for n, found in pairs.items()
    }


def _matches(reference: Sequence[str], heard: Sequence[str]) -> list[tuple[int, int]]:
    """Places of words that are the same in both."""
    if not reference or not heard:
        return []
    import jiwer

    (chunks,) = jiwer.process_words([" ".join(reference)], [" ".join(heard)]).alignments
    return [
        (chunk.ref_start_idx + n, chunk.hyp_start_idx + n)
        for chunk in chunks
        if chunk.type == "equal"
        for n in range(chunk.ref_end_idx - chunk.ref_start_idx)
    ]


def _boundary(before: _Place, after: _Place) -> tuple[int, int]:
    """Where the one's words end and the other's begin: what lies between is shared by how much each misheard."""
    between = after.first - before.last - 1
    misheard = before.behind + after.before
    if not misheard:  # nobody heard them
        return before.last + 1, after.first
    cut = before.last + 1 + round(between * before.behind / misheard)
    return cut, cut


def _words(text: str) -> list[str]:
    return [word for word in map(_plain, text.split()) if word]


def _plain(word: str) -> str:
    """A word without case and punctuation; what has no letter is kept, so that words keep their places."""
    return "".join(letter for letter in word.casefold() if letter.isalnum()) or "-"
