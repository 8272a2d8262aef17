"""Judges that were prepared for the known voices, asked for their opinion of utterances."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from metrics.metric import Metric, Scorer, Utterance
from metrics.summary import ROW_COLUMNS, score_rows

JUDGED_TOGETHER = 16
NOTE_COLUMNS = ("step", "split", "speaker", "utterance", "note", "text")

Advance = Callable[[int], object]
Tables = tuple[pd.DataFrame, pd.DataFrame]
"""Rows of scores, and rows of what the judges noted (the transcripts)."""


@dataclass(frozen=True)
class Panellists:
    """Metrics, and what they are asked by; both by the metrics' names.

    Metrics that compare with a recording say nothing of an utterance without one.
    """

    metrics: Sequence[Metric]
    scorers: Mapping[str, Scorer]

    def judge(self, group: Sequence[Utterance], step: int, split: str) -> Tables:
        """What they say of some utterances, which doesn't depend on the others among them."""
        rows, notes = [], []
        for metric in self.metrics:
            judged = [u for u in group if u.recording is not None] if metric.needs_recording else group
            if not judged:
                continue
            scores = self.scorers[metric.name](judged)
            rows.append(score_rows(judged, scores, step, split))
            notes += [
                (step, split, utterance.speaker, utterance.name, note, text)
                for utterance, score in zip(judged, scores, strict=True)
                for note, text in score.notes.items()
            ]
        return _joined(rows, ROW_COLUMNS), pd.DataFrame(notes, columns=pd.Index(NOTE_COLUMNS))


Judging = Callable[[Panellists, Sequence[Utterance], int, str, Advance], Tables]
"""A way to have utterances judged, of a step and a split; it says how many are done."""


def judge(panellists: Panellists, utterances: Sequence[Utterance], step: int, split: str, advance: Advance) -> Tables:
    """Have all of them judged here. `advance` is told how many are done."""
    told = []
    for group in groups_of(utterances):
        told.append(panellists.judge(group, step, split))
        advance(len(group))
    return joined(told)


def groups_of(utterances: Sequence[Utterance]) -> list[Sequence[Utterance]]:
    """Those that are judged at a time."""
    return [utterances[start : start + JUDGED_TOGETHER] for start in range(0, len(utterances), JUDGED_TOGETHER)]


def joined(told: Iterable[Tables]) -> Tables:
    """What was said of all groups, in their order."""
    tables = list(told)
    return _joined([rows for rows, _ in tables], ROW_COLUMNS), _joined([notes for _, notes in tables], NOTE_COLUMNS)


def _joined(tables: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=pd.Index(columns))
