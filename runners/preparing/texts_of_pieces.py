"""Which words of a transcript are said in which piece of a recording."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runners.preparing.timed_text import Cue
from runners.preparing.voice_activity import Span

WORD_S = 1.0  # cues that are shorter, half of them, are words
SNAP_S = 0.4  # by how much a subtitle's time may miss the pause that it means
LONGEST_GAP_S = 1.2  # between cues that become one clip
SENTENCE_ENDS = tuple('.!?…:;."”')


def are_words(cues: Sequence[Cue]) -> bool:
    """Whether each cue is a word, as an aligner gives them, and not a line."""
    return float(np.median([cue.end_s - cue.start_s for cue in cues])) < WORD_S


def words_within(cues: Sequence[Cue], piece: Span) -> str:
    """The words whose middle lies in a piece."""
    return " ".join(cue.text for cue in cues if piece.start_s <= cue.middle_s < piece.end_s)


def lines_joined(cues: Sequence[Cue], shortest_s: float, longest_s: float) -> list[Cue]:
    """Lines that go on in the next one, or that are too short, become one, as long as it isn't too long."""
    joined: list[Cue] = []
    for cue in cues:
        last = joined[-1] if joined else None
        if last is not None and _belongs(last, cue, shortest_s, longest_s):
            joined[-1] = Cue(last.start_s, max(last.end_s, cue.end_s), f"{last.text} {cue.text}")
        else:
            joined.append(cue)
    return joined


def _belongs(last: Cue, cue: Cue, shortest_s: float, longest_s: float) -> bool:
    goes_on = not last.text.endswith(SENTENCE_ENDS) or last.end_s - last.start_s < shortest_s
    return goes_on and cue.end_s - last.start_s <= longest_s and cue.start_s - last.end_s <= LONGEST_GAP_S


def spans_of_lines(cues: Sequence[Cue], runs: Sequence[Span], duration_s: float) -> list[Span | None]:
    """Where each line is spoken: its times, moved into the pause that they mean; None where nobody speaks."""
    edges = [0.0, *(time for run in runs for time in (run.start_s, run.end_s)), duration_s]
    pauses = [Span(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True)]
    found: list[Span | None] = []
    end = 0.0
    for place, cue in enumerate(cues):
        start = max(_snapped(cue.start_s, pauses), end)
        following = cues[place + 1].start_s if place + 1 < len(cues) else duration_s
        end = min(_snapped(cue.end_s, pauses), max(_snapped(following, pauses), start))
        spoken = [Span(max(run.start_s, start), min(run.end_s, end)) for run in runs]
        spoken = [part for part in spoken if part.length_s > 0]
        found.append(Span(spoken[0].start_s, spoken[-1].end_s) if spoken else None)
    return found


def _snapped(time_s: float, pauses: Sequence[Span]) -> float:
    """The time within the longest pause that is near; the time itself where there is none."""
    near = [pause for pause in pauses if pause.start_s - SNAP_S <= time_s <= pause.end_s + SNAP_S]
    if not near:
        return time_s
    longest = max(near, key=lambda pause: pause.length_s)
    return min(max(time_s, longest.start_s), longest.end_s)
