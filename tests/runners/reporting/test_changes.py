from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from runners.evaluation.evaluator import RETENTION
from runners.reporting.changes import changes
from runners.reporting.results import Experiment
from runners.reporting.settings import ReportSettings

SETTINGS = ReportSettings(resamples=200)


def with_retention(experiment: Experiment, gains: dict[str, float]) -> Experiment:
    """SECS of base speakers before and after training, after it higher by so much, give or take a hundredth."""
    rng = np.random.default_rng(0)
    rows = [
        (system.label, seed, epoch, RETENTION, f"base{speaker}", f"u{n}", "secs", 0.5 + change * (epoch > 0) + noise)
        for system in experiment.systems
        if (change := gains.get(system.label)) is not None
        for seed in system.seeds
        for epoch in (0, 2)
        for speaker in range(6)
        for n in range(4)
        for noise in [rng.normal(0, 0.01)]
    ]
    table = pd.DataFrame(rows, columns=experiment.scores.columns)
    return replace(experiment, scores=pd.concat([experiment.scores, table], ignore_index=True))


def test_change_has_the_sign_of_the_loss_when_voices_got_worse(experiment: Experiment) -> None:
    kept = with_retention(experiment, {"mean · none": -0.2, "nearest · none": 0.0, "mean · decoder": 0.2})
    secs = kept.metric("secs")
    assert secs is not None
    found = {change.system.label: change for change in changes(kept, secs, RETENTION, SETTINGS)}
    assert {label: change.verdict for label, change in found.items()} == {
        "mean · none": "worse",
        "nearest · none": "not distinguishable",
        "mean · decoder": "better",
    }
    worse = found["mean · none"]
    assert worse.difference == pytest.approx(-0.2, abs=0.01)
    assert worse.lower < worse.difference < worse.upper < 0
    same = found["nearest · none"]
    assert same.lower < 0 < same.upper


def test_intervals_widen_when_more_systems_are_tested(experiment: Experiment) -> None:
    def width(gains: dict[str, float]) -> float:
        kept = with_retention(experiment, gains)
        secs = kept.metric("secs")
        assert secs is not None
        change = next(c for c in changes(kept, secs, RETENTION, SETTINGS) if c.system.label == "mean · decoder")
        return change.upper - change.lower

    assert width({"mean · decoder": 0.0, "mean · none": 0.0, "nearest · none": 0.0}) > 1.1 * width(
        {"mean · decoder": 0.0}
    )


def test_nothing_changed_when_nothing_was_scored(experiment: Experiment) -> None:
    assert changes(experiment, experiment.metrics[0], RETENTION, SETTINGS) == ()
