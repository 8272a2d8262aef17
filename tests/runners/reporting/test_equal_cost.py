"""The second ranking, where costs and curves were planted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from planted_experiment import SPEAKERS, planted

from metrics.statistics.axis_effects import balanced_parts
from runners.reporting.analysis import Analysis, analyse
from runners.reporting.cell_result import CellResult
from runners.reporting.equal_cost import at_equal_cost
from runners.reporting.level_figure import level_curves, level_means
from runners.reporting.results import Experiment, System
from runners.reporting.sections.cost_section import cost_section
from runners.reporting.settings import ReportSettings
from runners.reporting.verdicts import facets_of

STEPS = (0, 50, 100, 200)
A_STEP = {"mean · decoder": 1.0, "nearest · none": 4.0}  # CPU seconds
END = {"mean · decoder": 0.5, "nearest · none": 0.6}
SENTENCES, SPREAD = 10, 0.005


def costly(experiment: Experiment, costs: Mapping[str, float], device: str = "cpu") -> Experiment:
    """Systems that rise in a straight line from 0.2 to their end, with what a step costs."""
    found = planted(experiment, END)
    rng = np.random.default_rng(0)
    rows = [
        (label, seed, step, "validation", f"s{who}", f"v{n}", "secs", 0.2 + (end - 0.2) * step / 200 + noise)
        for label, end in END.items()
        for seed in (0, 1)
        for step in STEPS
        for who in range(SPEAKERS)
        for n in range(SENTENCES)
        for noise in [rng.normal(0, SPREAD)]
    ]
    scores = pd.concat([found.scores, pd.DataFrame(rows, columns=found.scores.columns)], ignore_index=True)
    systems = tuple(_with_cost(system, costs.get(system.label), device) for system in found.systems)
    return replace(found, scores=scores, systems=systems)


def _with_cost(system: System, a_step: float | None, device: str) -> System:
    if a_step is None:
        return system
    cost = {"training_cpu_s": 200 * a_step, "training_s": 100 * a_step, "evaluation_s": 5.0}
    cost |= {"real_time_factor": 0.25, "voice_bytes": 3 * 2**19}
    cells = [CellResult(c.folder, {**c.record, "cost": cost, "device": device}) for c in system.cells]
    return System(system.facets, tuple(cells))


@pytest.fixture
def folder(experiment: Experiment, tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    """The experiment in a folder that nobody looked at."""
    return replace(experiment, folder=tmp_path_factory.mktemp("cost"))


def analysed(experiment: Experiment) -> Analysis:
    return analyse(experiment, ReportSettings())


def test_cheaper_system_wins_at_equal_cost_when_the_best_one_is_dear(folder: Experiment) -> None:
    analysis = analysed(costly(folder, A_STEP))
    found = at_equal_cost(analysis.experiment, analysis.verdicts)
    assert found is not None
    assert analysis.recommended.label == "nearest · none"
    assert found.budget_s == pytest.approx(200.0)  # 200 steps of the cheap one
    assert found.steps == pytest.approx({"mean · decoder": 200, "nearest · none": 50})
    assert [level.system for level in found.levels] == ["mean · decoder", "nearest · none"]
    assert [level.mean for level in found.levels] == pytest.approx([0.5, 0.3], abs=0.01)
    assert found.best.systems == ("mean · decoder",)


def test_score_lies_between_two_stages_when_none_was_at_that_cost(folder: Experiment) -> None:
    analysis = analysed(costly(folder, {"mean · decoder": 1.0, "nearest · none": 1.6}))
    found = at_equal_cost(analysis.experiment, analysis.verdicts)
    assert found is not None
    assert found.steps["nearest · none"] == pytest.approx(125)
    at_125 = next(level for level in found.levels if level.system == "nearest · none")
    assert at_125.mean == pytest.approx(0.2 + 0.4 * 125 / 200, abs=0.01)


def test_seconds_are_of_the_device_when_one_is_no_processor(folder: Experiment) -> None:
    analysis = analysed(costly(folder, A_STEP, device="cuda:0"))
    section = cost_section(analysis)
    assert section is not None
    assert section.blocks[0].caption == "The best after 100 seconds of the device first"  # pyright: ignore[reportAttributeAccessIssue]


def test_costs_stand_with_real_time_factor_and_size_when_known(folder: Experiment) -> None:
    section = cost_section(analysed(costly(folder, A_STEP)))
    assert section is not None
    table = section.blocks[-1]
    texts = [[entry.text for entry in row] for row in table.rows]  # pyright: ignore[reportAttributeAccessIssue]
    assert texts[0] == ["nearest · none", "800", "5", "0.250", "1.5 MiB"]


def test_no_ranking_at_equal_cost_when_one_system_says_none(folder: Experiment) -> None:
    analysis = analysed(costly(folder, {"mean · decoder": 1.0}))
    assert at_equal_cost(analysis.experiment, analysis.verdicts) is None
    section = cost_section(analysis)
    assert section is not None
    assert section.title == "What it costs"
    assert cost_section(analysed(costly(folder, {}))) is None


def test_levels_of_an_axis_are_means_over_the_others_when_drawn(analysis: Analysis) -> None:
    metric = analysis.headline[0]
    found = level_curves(metric, analysis.curves, analysis.experiment, folded=False)
    assert found is not None
    for name in ("strategy", "freeze", "mean", "nearest", "decoder", "none"):
        assert f">{name}<" in found.svg
    curves = analysis.curves[(analysis.curves["metric"] == metric.name) & (analysis.curves["split"] == "validation")]
    values = curves.pivot_table(index="system", columns="step", values="value")
    facets = facets_of(analysis.experiment)
    by_axis = {part.axis: level_means(part, values, facets) for part in balanced_parts(tuple(values.index), facets)}
    expected = (values.loc["mean · none"] + values.loc["mean · decoder"]) / 2
    assert by_axis["strategy"]["mean"].to_list() == pytest.approx(expected.to_list())
