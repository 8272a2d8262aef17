"""What several devices say of the utterances that one of them has spoken."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from lightning_fabric import Fabric

from metrics.metric import Score, Scorer, Utterance
from metrics.secs import Secs
from runners.evaluation.judging import JUDGED_TOGETHER, Panellists, judge
from runners.training.devices import run_on_devices
from runners.training.following import ToJudge, heard, judging_of

N_UTTERANCES = 2 * JUDGED_TOGETHER + 3


def utterances() -> list[Utterance]:
    return [Utterance(f"u{n:02}", "anna", "A.", np.full(10, n, dtype=np.float32), 16_000) for n in range(N_UTTERANCES)]


def scorer(device: int) -> Scorer:
    """Says how loud each is, and notes who has heard it."""

    def score(group: Sequence[Utterance]) -> list[Score]:
        return [Score({"secs": float(u.wave.mean())}, {"heard_by": str(device)}) for u in group]

    return score


def judge_on_device(fabric: Fabric, folder: Path) -> None:
    panellists = Panellists([Secs()], {"secs": scorer(fabric.global_rank)})
    if not fabric.is_global_zero:
        word = heard(fabric)
        assert isinstance(word, ToJudge)
        judging_of(fabric)(panellists, word.utterances, word.step, word.split, lambda _: None)
        return
    done: list[int] = []
    rows, notes = judging_of(fabric)(panellists, utterances(), 7, "test", done.append)
    assert sum(done) == N_UTTERANCES
    rows.to_csv(folder / "rows.csv", index=False)
    notes.to_csv(folder / "notes.csv", index=False)


def test_rows_are_those_of_one_device_and_each_has_judged_some_when_there_are_two(tmp_path: Path) -> None:
    run_on_devices("cpu", "32", 2, partial(judge_on_device, folder=tmp_path))
    alone, _ = judge(Panellists([Secs()], {"secs": scorer(0)}), utterances(), 7, "test", lambda _: None)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "rows.csv"), alone, check_dtype=False)
    by = pd.read_csv(tmp_path / "notes.csv")["text"].to_list()
    assert by == [0] * JUDGED_TOGETHER + [1] * JUDGED_TOGETHER + [0] * 3
