"""Cutting a recording at its pauses, into pieces of a sentence or two."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from runners.preparing.voice_activity import Span

SENTENCE_PAUSE_S = 0.5  # readers pause so long between sentences, and rarely within one
LONGEST_PAUSE_S = 1.2  # within a clip; a model would learn to hold its breath
EDGE_S = 0.12  # kept before and behind speech, which begins and ends softer than a detector hears

Group = list[Span]


def pieces(runs: Sequence[Span], shortest_s: float, longest_s: float) -> list[Span]:
    """Pieces of speech: cut at long pauses, joined where they are too short, divided at the longest inner pause where
    they are too long.

    What can't be helped (a shout alone, a minute without a pause) stays a piece, for others to leave out.
    """
    divided = [part for group in _at_sentences(runs) for part in _divided(group, longest_s)]
    return [_whole(group) for group in _joined(divided, shortest_s, longest_s)]


def with_edges(piece: Span, runs: Sequence[Span], duration_s: float) -> Span:
    """The piece with a little of the silence around it, no more than half of each pause, and none within speech."""
    before = max((min(run.end_s, piece.start_s) for run in runs if run.start_s < piece.start_s), default=-piece.start_s)
    after = min((max(run.start_s, piece.end_s) for run in runs if run.end_s > piece.end_s), default=None)
    end = duration_s if after is None else (after + piece.end_s) / 2
    return Span(max(piece.start_s - EDGE_S, (before + piece.start_s) / 2), min(piece.end_s + EDGE_S, end))


def _at_sentences(runs: Sequence[Span]) -> list[Group]:
    groups: list[Group] = []
    for run in runs:
        if groups and run.start_s - groups[-1][-1].end_s < SENTENCE_PAUSE_S:
            groups[-1].append(run)
        else:
            groups.append([run])
    return groups


def _divided(group: Group, longest_s: float) -> list[Group]:
    if _whole(group).length_s <= longest_s - 2 * EDGE_S or len(group) == 1:
        return [group]
    pauses = [after.start_s - before.end_s for before, after in pairwise(group)]
    place = pauses.index(max(pauses)) + 1
    return [*_divided(group[:place], longest_s), *_divided(group[place:], longest_s)]


def _joined(groups: Sequence[Group], shortest_s: float, longest_s: float) -> list[Group]:
    """Each too short group with the neighbour that is nearer, as long as both fit into a clip."""
    left = list(groups)
    place = 0
    while place < len(left):
        neighbours = [n for n in (place - 1, place + 1) if 0 <= n < len(left) and _fit(left, place, n, longest_s)]
        if _whole(left[place]).length_s >= shortest_s - 2 * EDGE_S or not neighbours:
            place += 1
            continue
        nearest = min(neighbours, key=lambda n: _pause(left, place, n))
        first = min(place, nearest)
        left[first : first + 2] = [left[first] + left[first + 1]]
        place = first
    return left


def _fit(groups: Sequence[Group], one: int, other: int, longest_s: float) -> bool:
    first, second = sorted((one, other))
    together = groups[second][-1].end_s - groups[first][0].start_s
    return together <= longest_s - 2 * EDGE_S and _pause(groups, one, other) <= LONGEST_PAUSE_S


def _pause(groups: Sequence[Group], one: int, other: int) -> float:
    first, second = sorted((one, other))
    return groups[second][0].start_s - groups[first][-1].end_s


def _whole(group: Group) -> Span:
    return Span(group[0].start_s, group[-1].end_s)
