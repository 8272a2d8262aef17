from __future__ import annotations

import math

import pandas as pd
import pytest

from metrics.secs import Secs
from metrics.secs_ge2e import SecsGe2e
from metrics.wer import WordErrorRate
from runners.evaluation.selection import Kept, Selection
from vits.common.errors import InputError

METRICS = [WordErrorRate(), Secs()]
COLUMNS = pd.Index(["step", "split", "speaker", "utterance", "metric", "value"])
WORDS = 4  # of each sentence
NONE_SHOWN = "the last: none shown better by validation wer, secs"

Stage = list[tuple[float, float]]
"""WER and SECS of each sentence."""


def rows(split: str = "validation", **stages: Stage) -> pd.DataFrame:
    """The scores of each stage, by `step_<step>`; every voice speaks every sentence."""
    table = []
    for stage, sentences in stages.items():
        for number, (wer, secs) in enumerate(sentences):
            values = dict.fromkeys(METRICS[0].values, 0.0) | {
                "wer": wer,
                "wer_substitutions": WORDS * wer,
                "wer_reference_words": float(WORDS),
                "secs": secs,
            }
            step = int(stage.removeprefix("step_"))
            table += [
                (step, split, speaker, str(number), metric, value)
                for speaker in ("ada", "ben")
                for metric, value in values.items()
            ]
    return pd.DataFrame(table, columns=COLUMNS)


def texts(scores: pd.DataFrame) -> pd.DataFrame:
    said = scores[["split", "speaker", "utterance"]].drop_duplicates()
    return said.assign(text="Sentence " + said["utterance"])


def kept(scores: pd.DataFrame, selection: Selection | None = None) -> Kept:
    return (selection or Selection()).kept(scores, texts(scores), METRICS)


def stage(wer: float, secs: float, n: int = 10) -> Stage:
    """Sentences around these means, the same for every stage."""
    return [(wer, secs + 0.01 * (-1) ** number) for number in range(n)]


def test_training_is_kept_when_two_words_were_misheard() -> None:
    scores = rows(step_0=[(0.25, 0.2), (0.0, 0.2)], step_95=[(0.5, 0.3), (0.25, 0.3)])
    assert Selection().best(scores, METRICS) == 0, "by the sums alone the untrained voice would be kept"
    assert kept(scores) == Kept(95, NONE_SHOWN, 0)
    misheard = [(0.5, secs) for _, secs in stage(0.0, 0.3, 2)] + stage(0.0, 0.3, 8)
    assert kept(rows(step_0=stage(0.0, 0.2), step_95=misheard)).step == 95


def test_earlier_stage_is_kept_when_training_collapsed() -> None:
    scores = rows(step_0=stage(0.1, 0.2), step_50=stage(0.1, 0.5), step_100=stage(0.9, 0.1))
    found = kept(scores)
    assert (found.step, found.by) == (50, "shown better than the last by validation wer, secs")
    assert found.differences["secs"].estimate == pytest.approx(0.4)
    assert found.differences["wer"].estimate == pytest.approx(0.8)
    assert found.record["differences"]["secs"]["lower"] > 0


@pytest.mark.parametrize(
    ("earlier", "last", "step"),
    [
        ((0.1, 0.52), (0.1, 0.50), 25),  # sounds more like the voice, and is understood as well
        ((0.3, 0.52), (0.1, 0.50), 50),  # sounds more like it, and is understood less
        ((0.1, 0.49), (0.3, 0.50), 25),  # is understood better, and sounds as much like it within the margin
        ((0.1, 0.45), (0.3, 0.50), 50),  # is understood better, and sounds less like it
        ((0.1, 0.49), (0.14, 0.50), 50),  # is understood better by less than the margin
    ],
)
def test_earlier_stage_is_kept_when_it_is_better_and_costs_nothing(
    earlier: tuple[float, float], last: tuple[float, float], step: int
) -> None:
    noise = [0.002 * ((3 * number) % 5 - 2) for number in range(10)]
    scores = rows(
        step_25=[(earlier[0], earlier[1] + shift) for shift in noise], step_50=[last for _ in noise], step_0=stage(1, 0)
    )
    assert kept(scores).step == step


def test_same_difference_on_every_sentence_is_certain_when_there_are_enough_of_them() -> None:
    found = [kept(rows(step_25=[(0.0, 0.5)] * n, step_50=[(1.0, 0.5)] * n)).step for n in (4, 5)]
    assert found == [50, 25]


def test_last_is_kept_when_the_difference_may_be_chance() -> None:
    shifts = [0.2, -0.15, 0.1, -0.1, 0.15, -0.05, 0.1, -0.12, 0.08, 0.02]
    scores = rows(step_25=[(0.1, 0.5 + shift) for shift in shifts], step_50=stage(0.1, 0.5))
    assert kept(scores).step == 50


def test_test_scores_decide_nothing_when_a_stage_is_chosen() -> None:
    tested = rows("test", step_0=stage(0.0, 0.9), step_50=stage(1.0, 0.1))
    validated = rows(step_0=stage(0.5, 0.1), step_50=stage(0.1, 0.5))
    assert kept(pd.concat([tested, validated])).step == 50
    assert kept(tested) == Kept(50, "the last: nothing else was validated")
    assert Selection().best(tested, METRICS) is None


def test_earliest_is_best_when_stages_are_equal() -> None:
    scores = rows(step_0=stage(0.5, 0.2), step_50=stage(0.5, 0.2))
    assert Selection().best(scores, METRICS) == 0


def test_undefined_stage_is_not_kept_when_another_is_defined() -> None:
    scores = rows(step_0=stage(1.0, -0.9), step_50=stage(1.0, math.nan))
    assert Selection().best(scores, METRICS) == 0
    assert kept(scores).step == 0


def test_other_metrics_count_when_they_are_named() -> None:
    selection = Selection()
    scores = rows(step_0=stage(0.5, 0.2))
    assert selection.merits(scores, [Secs()]) == pytest.approx({0: 0.2})
    assert selection.describe([Secs()]) == "validation secs"
    assert Selection(similarity=SecsGe2e.name).merits(scores, METRICS) == pytest.approx({0: -0.5})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"similarity": "wer"}, "evaluation.selection.similarity='wer' must be one of .*secs, secs_ge2e"),
        ({"errors": "were"}, "evaluation.selection.errors='were' must be one of .*wer"),
        ({"level": 0.5}, "evaluation.selection.level=0.5 must be a finite number above 0 and below 0.5"),
    ],
)
def test_it_is_said_in_one_line_when_a_setting_is_wrong(settings: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Selection(**settings)
