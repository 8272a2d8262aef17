"""Judges that were prepared for the known voices, asked for their opinion of utterances."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from metrics.metric import Metric, Scorer, Utterance
from metrics.summary import ROW_COLUMNS, score_rows

JUDGED_TOGETHER = 16
NOTE_COLUMNS = ("step", "split", "speaker", "utterance", "note", "text")

Advance = Callable[[int], object]


def judge(
    utterances: Sequence[Utterance],
    metrics: Sequence[Metric],
    scorers: Mapping[str, Scorer],
    step: int,
    split: str,
    advance: Advance,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of scores, and rows of what the judges noted (the transcripts); `scorers` by the metrics' names.

    Metrics that compare with a recording say nothing of an utterance without one. `advance` is told how many are done.
    """
    rows, notes = [], []
    for start in range(0, len(utterances), JUDGED_TOGETHER):
        group = utterances[start : start + JUDGED_TOGETHER]
        for metric in metrics:
            judged = [u for u in group if u.recording is not None] if metric.needs_recording else group
            if not judged:
                continue
            scores = scorers[metric.name](judged)
            rows.append(score_rows(judged, scores, step, split))
            notes += [
                (step, split, utterance.speaker, utterance.name, note, text)
                for utterance, score in zip(judged, scores, strict=True)
                for note, text in score.notes.items()
            ]
        advance(len(group))
    scored = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=pd.Index(ROW_COLUMNS))
    return scored, pd.DataFrame(notes, columns=pd.Index(NOTE_COLUMNS))
