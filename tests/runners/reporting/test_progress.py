"""The verdict along the training, where curves were planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from planted_experiment import SPEAKERS, planted

from runners.reporting.analysis import Analysis, analyse
from runners.reporting.outlook_words import outlook_sentence
from runners.reporting.results import Experiment
from runners.reporting.sections.progress_section import progress_section
from runners.reporting.settings import ReportSettings

STEPS = (0, 25, 50, 100, 200)
HEAD_START = {"nearest · none": 0.2, "mean · none": 0.0}
SENTENCES, SPREAD = 10, 0.01


def curve(label: str, step: int, pace: float) -> float:
    """Both strategies go to 0.6, one from 0.4 and one from 0.2."""
    return 0.6 - (0.4 - HEAD_START[label]) * np.exp(-step / pace)


def along(experiment: Experiment, folder_of: pytest.TempPathFactory, pace: float) -> Analysis:
    """Validation scores that follow the curves, and a test at the end."""
    found = planted(experiment, {label: curve(label, 200, pace) for label in HEAD_START})
    rng = np.random.default_rng(0)
    rows = [
        (
            label,
            seed,
            step,
            "validation",
            f"s{speaker}",
            f"v{n}",
            "secs",
            curve(label, step, pace) + rng.normal(0, SPREAD),
        )
        for label in HEAD_START
        for seed in (0, 1)
        for step in STEPS
        for speaker in range(SPEAKERS)
        for n in range(SENTENCES)
    ]
    scores = pd.concat([found.scores, pd.DataFrame(rows, columns=found.scores.columns)], ignore_index=True)
    return analyse(replace(found, folder=folder_of.mktemp("along"), scores=scores), ReportSettings())


@pytest.fixture(scope="module")
def fast(experiment: Experiment, tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return along(experiment, tmp_path_factory, pace=30.0)


@pytest.fixture(scope="module")
def slow(experiment: Experiment, tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return along(experiment, tmp_path_factory, pace=300.0)


def test_axis_matters_until_the_curves_meet(fast: Analysis) -> None:
    assert fast.progress is not None
    assert fast.progress.steps == STEPS
    (strategy,) = fast.progress.along
    assert (strategy.axis, strategy.matters_until, strategy.equal_from) == ("strategy", 50, 100)
    section = progress_section(fast)
    assert section is not None
    (said,) = section.blocks[0].sentences  # pyright: ignore[reportAttributeAccessIssue]
    assert said.startswith("strategy matters for the first 50 steps: nearest is better than mean, +0.0")
    assert said.endswith("from 100 steps on all choices are equal within 0.02.")


def test_axis_matters_to_the_end_when_the_curves_are_still_apart(slow: Analysis) -> None:
    assert slow.progress is not None
    (strategy,) = slow.progress.along
    assert (strategy.matters_until, strategy.equal_from) == (200, None)
    section = progress_section(slow)
    assert section is not None
    assert section.blocks[0].sentences[0].startswith("strategy matters to the end")  # pyright: ignore[reportAttributeAccessIssue]


def test_outlook_says_what_twice_the_steps_bring(fast: Analysis, slow: Analysis) -> None:
    assert fast.progress is not None
    assert slow.progress is not None
    assert outlook_sentence(fast.progress, "mean · none", 0.02).startswith("It has levelled off")
    assert outlook_sentence(slow.progress, "mean · none", 0.02).startswith("It still rises: twice the steps would")
    gain = 0.4 * (np.exp(-200 / 300) - np.exp(-400 / 300))
    assert slow.progress.outlooks["mean · none"].gain == pytest.approx(gain, abs=0.02)


def test_outlook_says_how_much_is_unknown_when_the_margin_lies_within(fast: Analysis) -> None:
    assert fast.progress is not None
    wide = replace(fast.progress.outlooks["mean · none"], gain=0.0, lower=-0.046, upper=0.11)
    progress = replace(fast.progress, outlooks={"mean · none": wide})
    assert outlook_sentence(progress, "mean · none", 0.02) == (
        "Whether it still rises isn't known: twice the steps may change SECS by −0.046 to +0.110."
    )


def test_steps_to_the_quality_are_fewer_when_a_system_has_a_head_start(fast: Analysis) -> None:
    assert fast.progress is not None
    steps = fast.progress.steps_to
    assert 0 < steps["nearest · none"] < steps["mean · none"] < 200


def test_systems_that_cant_win_are_left_out_when_the_others_train_on(fast: Analysis, slow: Analysis) -> None:
    assert fast.progress is not None
    assert fast.progress.behind == ()  # both have arrived
    still_rising = slow.progress
    assert still_rising is not None
    assert still_rising.twice == 400
    assert still_rising.behind == ()  # whoever is behind rises fast enough to catch up, if the other stood still


def test_flat_system_is_left_out_when_another_is_far_ahead(
    experiment: Experiment, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = along(experiment, tmp_path_factory, pace=30.0)
    scores = found.experiment.scores
    flat = (scores["system"] == "mean · none") & (scores["split"] == "validation") & (scores["step"] > 0)
    lower = scores.assign(value=scores["value"].where(~flat, scores["value"] - 0.3))
    analysis = analyse(replace(found.experiment, scores=lower), ReportSettings())
    assert analysis.progress is not None
    (left_out,) = analysis.progress.behind
    assert (left_out.system, left_out.leader) == ("mean · none", "nearest · none")
    section = progress_section(analysis)
    assert section is not None
    sentences = section.blocks[0].sentences  # pyright: ignore[reportAttributeAccessIssue]
    assert sentences[-1].startswith("Whoever trains on to 400 steps can leave out, by SECS: mean · none (by 0.2")


def test_nothing_is_followed_when_only_one_stage_was_scored(experiment: Experiment) -> None:
    found = planted(experiment, {"mean · none": 0.5, "nearest · none": 0.6})
    one = replace(found, scores=found.scores[found.scores["step"] == 2])
    assert analyse(one, ReportSettings()).progress is None
