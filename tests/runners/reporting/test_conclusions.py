"""Conclusions from scores whose truth is known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from runners.reporting.analysis import Analysis, analyse
from runners.reporting.conclusions import caveats, conclusions
from runners.reporting.results import CellResult, Experiment, System
from runners.reporting.settings import ReportSettings

SETTINGS = ReportSettings(resamples=200)


def with_secs(experiment: Experiment, means: dict[str, float], spread: float = 0.02) -> Experiment:
    """Only SECS: each system around its mean, independently for each of six speakers' five sentences."""
    rng = np.random.default_rng(1)
    rows = [
        (label, seed, epoch, "test", f"s{speaker}", f"u{n}", "secs", mean + rng.normal(0, spread))
        for label, mean in means.items()
        for seed in (0, 1)
        for epoch in (0, 2)
        for speaker in range(6)
        for n in range(5)
    ]
    secs = experiment.metric("secs")
    assert secs is not None
    systems = tuple(system for system in experiment.systems if system.label in means)
    scores = pd.DataFrame(rows, columns=experiment.scores.columns)
    return replace(experiment, systems=systems, metrics=(secs,), scores=scores)


def said(experiment: Experiment, **settings: object) -> str:
    return " ".join(conclusions(analyse(experiment, replace(SETTINGS, **settings))))


def taught(system: System, teacher: str) -> System:
    cells = tuple(CellResult(cell.folder, {**cell.record, "teachers": [teacher]}) for cell in system.cells)
    return System(system.facets, cells)


def test_leader_is_named_with_all_it_beats_when_it_is_far_ahead(experiment: Experiment) -> None:
    text = said(with_secs(experiment, {"mean · none": 0.8, "nearest · none": 0.5, "mean · decoder": 0.3}))
    assert "By SECS, mean · none has the best mean" in text
    assert "is better than every other system (nearest · none and mean · decoder)" in text


def test_rivals_are_named_when_the_leader_is_not_alone(experiment: Experiment) -> None:
    text = said(with_secs(experiment, {"mean · none": 0.8, "nearest · none": 0.8, "mean · decoder": 0.3}))
    assert "It is better than mean · decoder; it can't be told apart from" in text
    assert "every other system" not in text


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_claimed_when_systems_are_the_same(experiment: Experiment, seed: int) -> None:
    means = dict.fromkeys(("mean · none", "nearest · none", "mean · decoder", "nearest · decoder"), 0.5)
    analysis = analyse(with_secs(experiment, means), replace(SETTINGS, seed=seed))
    text = " ".join(conclusions(analysis))
    assert not analysis.first.told_apart
    assert "no system can be told apart from any other" in text
    assert "which may be chance" in text
    assert "better" not in text


def test_every_claim_of_better_is_a_verdict_when_conclusions_are_drawn(analysis: Analysis) -> None:
    for metric in analysis.headline:
        ranking = analysis.rankings[metric.name]
        for verdict in ranking.comparison.pairs:
            sure = verdict.p_adjusted <= 0.05
            assert (verdict.b in ranking.beaten_by(verdict.a)) == sure
            assert (verdict.a in ranking.beaten_by(verdict.b)) is False


def test_praise_of_a_pupil_is_marked_when_the_judge_was_its_teacher(experiment: Experiment) -> None:
    found = with_secs(experiment, {"mean · none": 0.8, "nearest · none": 0.5})
    judge = found.metrics[0].judge
    assert judge is not None
    systems = tuple(taught(s, judge) if s.facets["strategy"] == "nearest" else s for s in found.systems)
    text = said(replace(found, systems=systems))
    assert f"The judge behind SECS ({judge}) is also the teacher of nearest · none" in text
    assert "no second judge was asked" in text
    assert "teacher" not in said(found)


def test_single_system_is_described_when_there_is_no_other(experiment: Experiment) -> None:
    text = said(with_secs(experiment, {"mean · none": 0.8}))
    assert "mean · none reaches SECS 0.8" in text
    assert "nothing to compare it with" in text


def test_conclusions_hold_still_when_a_system_has_no_value(experiment: Experiment) -> None:
    text = said(with_secs(experiment, {"mean · none": 0.8, "nearest · none": math.nan}))
    assert "nan" not in text
    assert "mean · none reaches SECS 0.8" in text


def test_reach_is_told_when_cells_differ_or_failed(analysis: Analysis) -> None:
    plain = " ".join(caveats(analysis))
    assert "3 new voices, 12 test sentences and 2 seeds" in plain
    assert "95 %" in plain
    experiment = replace(analysis.experiment, differing=("epochs",), unfinished={"strategy=x": "failed"})
    told = " ".join(caveats(replace(analysis, experiment=experiment)))
    assert "The cells differ in epochs" in told
    assert "strategy=x" in told
