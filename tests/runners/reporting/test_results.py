from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small_experiment import forget_checksums

from runners.reporting.analysis import analyse
from runners.reporting.answer import default_system
from runners.reporting.results import Experiment, load_experiment, shared_settings
from runners.reporting.settings import ReportSettings
from runners.results.cell_folder import FIRST_CHECKED
from strategies.adaptation import AXES
from vits.common.errors import InputError


@pytest.fixture
def copied(small: Path, tmp_path: Path) -> Path:
    """The small experiment, to be changed."""
    return Path(shutil.copytree(small, tmp_path / "runs" / "copied"))


def change(cell: Path, **facts: Any) -> None:
    forget_checksums(cell)  # as if another cell had been finished
    record = json.loads((cell / "cell.json").read_text(encoding="utf-8"))
    (cell / "cell.json").write_text(json.dumps(record | facts), encoding="utf-8")


def test_cells_are_one_system_when_only_their_seeds_differ(experiment: Experiment) -> None:
    assert [system.label for system in experiment.systems] == [
        "mean · decoder",
        "mean · none",
        "nearest · decoder",
        "nearest · none",
    ]
    assert {system.seeds for system in experiment.systems} == {(0, 1)}
    assert set(experiment.scores["system"]) == {system.label for system in experiment.systems}


def test_system_keeps_what_else_tells_it_apart_when_its_cells_are_named(copied: Path) -> None:
    axes = dict.fromkeys(AXES, "none") | {"strategy": "mean", "adapter": "decoder_film"}
    change(copied / "strategy=mean,freeze=none,seed=1", axes=axes, settings={"strategy.neighbours": "3"})
    labels = {system.label: system.seeds for system in load_experiment(copied).systems}
    assert labels["mean · none"] == (0,)
    assert labels["mean · none · adapter=decoder_film · strategy.neighbours=3"] == (1,)


def test_last_step_counts_when_none_was_chosen(experiment: Experiment) -> None:
    assert {cell.chosen.step for system in experiment.systems for cell in system.cells} == {2}
    assert set(experiment.final["step"]) == {2}
    assert set(experiment.initial["step"]) == {0}


def test_chosen_step_counts_when_one_is_written_down(copied: Path) -> None:
    change(
        copied / "strategy=mean,freeze=none,seed=0", chosen={"step": 0, "by": "validation wer", "gain": {"wer": -0.1}}
    )
    final = load_experiment(copied).final
    steps = final[final["system"] == "mean · none"].groupby("seed")["step"].unique()
    assert {seed: list(found) for seed, found in steps.items()} == {0: [0], 1: [2]}


def test_unfinished_cells_are_named_when_they_are_left_out(copied: Path) -> None:
    change(copied / "strategy=mean,freeze=none,seed=0", status="failed", error="OSError: disk full")
    found = load_experiment(copied)
    assert found.unfinished == {"strategy=mean,freeze=none,seed=0": "failed: OSError: disk full"}
    assert sum(len(system.cells) for system in found.systems) == 7


def test_differing_settings_are_named_when_cells_are_not_comparable(copied: Path) -> None:
    cell = copied / "strategy=mean,freeze=none,seed=0"
    assert load_experiment(copied).differing == ()
    change(cell, identity_of={"format": FIRST_CHECKED - 1, "metrics": [], "precision": "bf16", "steps": 7})
    assert set(load_experiment(copied).differing) == {"metrics", "precision"}  # a length is a setting of the system


def test_findings_are_listed_once_when_all_cells_have_them(copied: Path) -> None:
    assert load_experiment(copied).lint is None
    for cell in copied.iterdir():
        pd.DataFrame(
            [["warning", "balance", "train", "uneven"]], columns=["severity", "check", "where", "what"]
        ).to_csv(cell / "lint.csv", index=False)
    lint = load_experiment(copied).lint
    assert lint is not None
    assert lint.to_dict(orient="records") == [
        {"severity": "warning", "check": "balance", "where": "train", "what": "uneven"}
    ]


def test_metrics_come_in_the_order_asked_for_when_they_were_scored(experiment: Experiment) -> None:
    assert [metric.name for metric in experiment.metrics] == ["wer", "secs"]


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda folder: shutil.rmtree(folder), "it holds no cell at all; run runners/grid.py first"),
        (lambda folder: [change(cell, status="running") for cell in folder.iterdir()], "8 are there, first strategy="),
        (
            lambda folder: [(cell / "scores.csv").unlink() for cell in folder.iterdir()],
            "has scores of the split 'test'",
        ),
    ],
)
def test_experiment_is_refused_when_it_has_no_result(prepare: Any, message: str, copied: Path) -> None:
    prepare(copied)
    with pytest.raises(InputError) as raised:
        load_experiment(copied)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_what_all_systems_share_makes_none_of_them_another_than_the_default(copied: Path) -> None:
    for cell in copied.glob("strategy=*"):
        change(cell, settings={"steps": "50"})
    experiment = load_experiment(copied)
    assert {system.label for system in experiment.systems} >= {"nearest · none", "mean · decoder"}
    assert shared_settings([cell.facets for system in experiment.systems for cell in system.cells]) == {"steps": "50"}
    default = default_system(analyse(experiment, ReportSettings()))
    assert default is not None
    assert (default.facets["strategy"], default.facets["freeze"]) == ("nearest", "none")
