"""Splits that a corpus brings for recognising speech, which say nothing about how well a voice was learnt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from vits.corpus.layouts.layout import Row, Rows
from vits.corpus.split import TEST, TRAIN, VALIDATION


def without_useless_splits(rows: Sequence[Row]) -> Rows:
    """The rows without their splits where none can be used: training, validation or test is missing, or no speaker
    is in more than one of them."""
    splits: dict[str | None, set[str | None]] = defaultdict(set)
    for row in rows:
        splits[row.speaker].add(row.split)
    lacking = [split for split in (TRAIN, VALIDATION, TEST) if split not in set().union(*splits.values())]
    if lacking:
        why = f"its tables have no {' and no '.join(lacking)}"
    elif all(len(its) == 1 for its in splits.values()):
        why = "its splits divide the speakers"
    else:
        return Rows(rows)
    return Rows([replace(row, split=None) for row in rows], (f"{why}, so that sentences are held out of all",))
