from __future__ import annotations

import math

import pandas as pd
import pytest

from metrics.secs import Secs
from metrics.wer import WordErrorRate
from runners.evaluation.selection import Selection
from vits.common.errors import InputError

METRICS = [WordErrorRate(), Secs()]
COLUMNS = pd.Index(["epoch", "split", "speaker", "utterance", "metric", "value"])


def rows(**stages: tuple[float, float]) -> pd.DataFrame:
    """One sentence of four words; WER and SECS of each stage, by `<split>_<epoch>`."""
    table = []
    for stage, (wer, secs) in stages.items():
        split, epoch = stage.rsplit("_", 1)
        values = dict.fromkeys(METRICS[0].values, 0.0) | {
            "wer": wer,
            "wer_substitutions": 4 * wer,
            "wer_reference_words": 4.0,
            "secs": secs,
        }
        table += [(int(epoch), split, "ada", "1", metric, value) for metric, value in values.items()]
    return pd.DataFrame(table, columns=COLUMNS)


def test_best_gains_more_in_one_metric_than_it_loses_in_the_other_when_both_count() -> None:
    scores = rows(validation_0=(0.5, 0.2), validation_5=(0.25, 0.1), validation_9=(0.5, 0.4))
    merits = Selection({"wer": 1.0, "secs": 1.0}).merits(scores, METRICS)
    assert merits == pytest.approx({0: -0.3, 5: -0.15, 9: -0.1})
    assert Selection({"wer": 1.0, "secs": 1.0}).best(scores, METRICS) == 9
    assert Selection({"wer": 2.0, "secs": 1.0}).best(scores, METRICS) == 5


def test_test_scores_decide_nothing_when_an_epoch_is_chosen() -> None:
    scores = rows(validation_0=(0.5, 0.2), test_0=(1.0, 0.0), validation_5=(0.75, 0.2), test_5=(0.0, 1.0))
    assert Selection({"wer": 1.0, "secs": 1.0}).best(scores, METRICS) == 0
    assert Selection({"wer": 1.0}).best(rows(test_0=(0.0, 1.0)), METRICS) is None


def test_earliest_is_chosen_when_stages_are_equal() -> None:
    assert Selection({"secs": 1.0}).best(rows(validation_0=(0.5, 0.2), validation_5=(0.0, 0.2)), METRICS) == 0


def test_undefined_stage_is_never_chosen_when_another_is_defined() -> None:
    scores = rows(validation_0=(1.0, math.nan), validation_5=(1.0, -0.9))
    assert Selection({"wer": 1.0, "secs": 1.0}).best(scores, METRICS) == 5


def test_metrics_that_were_not_scored_dont_count_when_weighed() -> None:
    selection = Selection({"wer": 1.0, "secs": 1.0})
    assert selection.merits(rows(validation_0=(0.5, 0.2)), [Secs()]) == pytest.approx({0: 0.2})
    assert selection.describe([Secs()]) == "validation secs"


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"were": 1.0}, "evaluation.choose_by names no metric 'were'; choose of "),
        ({"wer": -1.0}, r"evaluation.choose_by.wer=-1.0 must be a finite number of at least 0"),
    ],
)
def test_it_is_said_in_one_line_when_weights_are_wrong(weights: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Selection(weights)
