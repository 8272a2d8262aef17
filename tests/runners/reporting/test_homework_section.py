"""The homework's conclusions, where its tasks' results were planted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from planted_experiment import SPEAKERS, planted

from metrics.statistics.margin_verdicts import Outcome
from runners.reporting.analysis import Analysis, analyse
from runners.reporting.cell_result import CellResult
from runners.reporting.homework import conclusions, outcome
from runners.reporting.results import Experiment, System
from runners.reporting.sections.homework_section import homework_section
from runners.reporting.settings import ReportSettings

SECS = {
    "nearest · none": 0.6,
    "standard_normal · none": 0.5,
    "nearest · all_but_embedding": 0.4,
    "random · none · base.forget=true": 0.2,
    "nearest · none · adapter=decoder_film": 0.601,
}
OWN = 3  # sentences a voice
SPREAD = 0.1  # of so few, so that they decide little


def task(experiment: Experiment, label: str) -> System:
    """A cell of the homework's, as its label says."""
    strategy, freeze, *more = label.split(" · ")
    named = dict(text.split("=") for text in more)
    is_scratch = "base.forget" in named
    first = experiment.systems[0].cells[0]
    record = {**first.record, "base": "scratch" if is_scratch else "pretrained"}
    axes = {**first.record["axes"], "strategy": strategy, "freeze": freeze}
    axes |= {name: value for name, value in named.items() if name in axes}
    settings = {name: value for name, value in named.items() if name not in axes} | {"epochs": "1"}
    cell = CellResult(first.folder, {**record, "axes": axes, "settings": settings})
    return System(cell.facets, (cell,))


def homework(experiment: Experiment, secs: Mapping[str, float]) -> Experiment:
    systems = tuple(task(experiment, label) for label in secs)
    labels = {system.label: level for system, level in zip(systems, secs.values(), strict=True)}
    found = planted(replace(experiment, systems=systems), labels)
    rng = np.random.default_rng(0)
    rows = [
        (label, seed, step, "homework", f"s{who}", f"h{n}", "secs", level + rng.normal(0, SPREAD))
        for label, level in labels.items()
        for seed in (0, 1)
        for step in (0, 2)
        for who in range(SPEAKERS)
        for n in range(OWN)
    ]
    return replace(found, scores=pd.concat([found.scores, pd.DataFrame(rows, columns=found.scores.columns)]))


@pytest.fixture(scope="module")
def done(experiment: Experiment, tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    found = replace(experiment, folder=tmp_path_factory.mktemp("homework"))
    return analyse(homework(found, SECS), ReportSettings())


def test_every_task_has_a_conclusion_when_all_five_were_run(done: Analysis) -> None:
    found = {c.question: c for c in conclusions(done) if c.metric.name == "secs"}
    said = {question: outcome(c.others, 0.02) for question, c in found.items()}
    assert said == {
        "Does the start of the new rows matter": Outcome.WORSE,
        "Does freezing help": Outcome.WORSE,
        "Can the small dataset do without a base": Outcome.WORSE,
        "Does conditioning or another adapter help": Outcome.EQUAL,
    }
    frozen = found["Does freezing help"].others
    assert frozen is not None
    assert frozen.estimate == pytest.approx(-0.2, abs=0.02)


def test_own_sentences_are_told_apart_from_the_others(done: Analysis) -> None:
    adapter = next(c for c in conclusions(done) if c.question.startswith("Does conditioning"))
    assert adapter.own is not None
    assert adapter.others is not None
    assert adapter.own.upper - adapter.own.lower > 3 * (adapter.others.upper - adapter.others.lower)
    assert outcome(adapter.own, 0.02) is Outcome.UNDECIDED


def test_section_says_each_conclusion_with_its_interval(done: Analysis) -> None:
    section = homework_section(done)
    assert section is not None
    sentences = section.blocks[0].sentences  # pyright: ignore[reportAttributeAccessIssue]
    frozen = next(text for text in sentences if text.startswith("Does freezing help? "))
    pair = "nearest · all_but_embedding · epochs=1 beside nearest · none · epochs=1"
    assert f"{pair}, on 48 other sentences: SECS worse by " in frozen
    columns = section.blocks[1].columns  # pyright: ignore[reportAttributeAccessIssue]
    assert columns[2] == "the homework's 12 sentences"


def test_no_conclusions_are_drawn_when_the_plain_system_is_missing(
    experiment: Experiment, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = replace(experiment, folder=tmp_path_factory.mktemp("homework"))
    without = {label: level for label, level in SECS.items() if label != "nearest · none"}
    assert homework_section(analyse(homework(found, without), ReportSettings())) is None


def test_other_experiments_have_no_such_section(analysis: Analysis) -> None:
    assert homework_section(analysis) is None
