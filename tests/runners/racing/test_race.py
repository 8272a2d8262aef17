"""A sweep as a race: planted scores in the place of the judges', everything else as a user runs it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runners.evaluation.evaluator import Evaluation, Evaluator
from runners.experiment import run_cell as running
from runners.experiment.cell import Cell
from runners.racing import running as racing
from runners.reporting.results import load_experiment
from runners.results.race_record import RACE_JSON, Race, read_race

RunScript = Callable[..., subprocess.CompletedProcess[str]]

REACHED = {"mean": 0.60, "random": 0.20}
"""What each strategy reaches by SECS after any training; before it, all are at 0.1."""
CHEAP = (
    "metrics=[secs]",
    "evaluation.validation_sentences=3",
    "evaluation.test_texts=0",
    "freeze=decoder",
    "steps=3",
    "eval_every=1",
    "wandb.mode=disabled",
)
REAL = running.evaluator_of


def planted(cell: Cell, *given: Any) -> Evaluator:
    """An evaluator that speaks as always, and finds what is planted."""
    evaluator = REAL(cell, *given)
    real = evaluator.evaluate

    def evaluate(synthesizer: Any, step: int, *more: Any) -> Evaluation:
        found = real(synthesizer, step, *more)
        strategy = cell.adaptation.names["strategy"]
        rng = np.random.default_rng([*strategy.encode(), step, len(found.rows)])
        level = REACHED[strategy] if step else 0.1
        new = found.rows["split"].isin(["validation", "test"])
        values = np.where(new, level, 0.8) + 0.01 * rng.standard_normal(len(found.rows))
        return replace(found, rows=found.rows.assign(value=values))

    evaluator.evaluate = evaluate  # pyright: ignore[reportAttributeAccessIssue]
    return evaluator


@pytest.fixture(scope="module", autouse=True)
def _planted() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "evaluator_of", planted)
        yield


@pytest.fixture(scope="module")
def run_race(here: Path, material: Any, run_here: RunScript) -> Callable[[str], subprocess.CompletedProcess[str]]:
    def run(name: str) -> subprocess.CompletedProcess[str]:
        field = ("strategy=mean,random", "racing=true", f"name={name}")
        return run_here("grid.py", "-m", *material.overrides, *CHEAP, *field, cwd=here)

    return run


@pytest.fixture(scope="module")
def race(here: Path, run_race: Callable[[str], subprocess.CompletedProcess[str]]) -> subprocess.CompletedProcess[str]:
    return run_race("race")


def records(experiment: Path) -> dict[str, dict[str, Any]]:
    found = [json.loads(path.read_text(encoding="utf-8")) for path in experiment.glob("*/cell.json")]
    return {record["axes"]["strategy"]: record for record in found}


def folder(experiment: Path, strategy: str) -> Path:
    (found,) = experiment.glob(f"strategy={strategy},*")
    return found


def test_planted_bad_system_is_dropped_and_the_best_is_not(race: subprocess.CompletedProcess[str], here: Path) -> None:
    assert race.returncode == 0, race.stderr
    found = read_race(here / "runs" / "race")
    assert found is not None
    assert found.stages == (0, 1, 2, 3)
    assert set(found.dropped) == {"random · decoder"}
    assert found.left == ("mean · decoder",)
    told = "race: after step 1 of 3, 1 of 2 systems go on; dropped: random · decoder (behind mean · decoder)\n"
    assert told in race.stdout
    by_strategy = records(here / "runs" / "race")
    assert {name: record["status"] for name, record in by_strategy.items()} == {"mean": "finished", "random": "dropped"}
    dropped = by_strategy["random"]["dropped"]
    assert (dropped["step"], dropped["leader"], dropped["metric"]) == (1, "mean · decoder", "secs")
    assert "summary" not in by_strategy["random"]


def test_report_tells_of_the_dropped_and_ranks_only_the_others(
    race: subprocess.CompletedProcess[str], here: Path
) -> None:
    experiment = load_experiment(here / "runs" / "race")
    (dropped,) = experiment.dropped
    assert (dropped.system, dropped.step, dropped.steps) == ("random · decoder", 1, 3)
    assert dropped.saved_s > 0
    assert [system.facets["strategy"] for system in experiment.systems] == ["mean"]
    assert experiment.unfinished == {}
    assert "It is what a race left: random · decoder fell behind it" in race.stdout
    text = (here / "runs" / "race" / "report" / "report.md").read_text(encoding="utf-8")
    assert "Dropped by the race" in text
    assert "1 of 3 steps" in text
    assert "random" not in (here / "runs" / "race" / "comparison.csv").read_text(encoding="utf-8")


def test_finished_cell_has_the_scores_that_it_has_without_a_race(
    race: subprocess.CompletedProcess[str], here: Path, material: Any, run_here: RunScript
) -> None:
    plain = run_here("grid.py", *material.overrides, *CHEAP, "strategy=mean", "name=plain", cwd=here)
    assert plain.returncode == 0, plain.stderr
    one, other = (folder(here / "runs" / name, "mean") for name in ("race", "plain"))
    assert one.name == other.name
    tables = ("scores", "references", "transcripts", "losses", "texts", "split")
    for name in (*(f"{table}.csv" for table in tables), "config.yaml", "generator.safetensors"):
        same = (one / name).read_bytes() == (other / name).read_bytes()
        assert same or name == "config.yaml", name  # which has the experiment's name
    assert records(here / "runs" / "race")["mean"]["identity"] == records(here / "runs" / "plain")["mean"]["identity"]


def test_race_ends_as_it_would_have_when_it_is_stopped_and_run_again(
    race: subprocess.CompletedProcess[str],
    here: Path,
    run_race: Callable[[str], subprocess.CompletedProcess[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write = racing.write_race

    def stop(experiment: Path, taken: Race) -> None:
        write(experiment, taken)
        raise KeyboardInterrupt

    monkeypatch.setattr(racing, "write_race", stop)
    assert run_race("stopped").returncode == 130
    assert {r["status"] for r in records(here / "runs" / "stopped").values()} == {"waiting"}
    monkeypatch.undo()
    again = run_race("stopped")
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("  resumed at step 1\n") == 1
    assert again.stdout.count(": dropped after step 1, mean · decoder will stay ahead") == 1
    assert "  step 0: " not in again.stdout
    one, other = (here / "runs" / name for name in ("race", "stopped"))
    assert (one / RACE_JSON).read_bytes() == (other / RACE_JSON).read_bytes()
    for strategy in ("mean", "random"):
        ours, theirs = folder(one, strategy) / "scores.csv", folder(other, strategy) / "scores.csv"
        assert ours.read_bytes() == theirs.read_bytes()
    assert records(other)["random"]["dropped"] == records(one)["random"]["dropped"]


@pytest.mark.slow
def test_cells_wait_for_each_other_when_they_run_side_by_side(here: Path, material: Any, run_script: RunScript) -> None:
    side_by_side = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "name=joblib", "racing=true")
    cheap = [part for part in CHEAP if not part.startswith("steps=")]
    field = ("strategy=mean,random", "steps=2", *side_by_side)
    result = run_script("grid.py", "-m", *material.overrides, *cheap, *field, cwd=here)
    assert result.returncode == 0, result.stderr
    found = read_race(here / "runs" / "joblib")
    assert found is not None
    assert [(look.step, set(look.systems)) for look in found.looks] == [(1, set(found.systems))]
    statuses = {record["status"] for record in records(here / "runs" / "joblib").values()}
    assert statuses <= {"finished", "dropped"}


def test_dropped_cell_goes_on_when_it_is_run_without_the_race(
    race: subprocess.CompletedProcess[str], here: Path, material: Any, run_here: RunScript
) -> None:
    alone = run_here("grid.py", *material.overrides, *CHEAP, "strategy=random", "name=stopped", cwd=here)
    assert alone.returncode == 0, alone.stderr
    assert "  resumed at step 1\n" in alone.stdout
    record = records(here / "runs" / "stopped")["random"]
    assert record["status"] == "finished"
    assert "dropped" not in record


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("strategy=mean",), "racing=true compares the cells of a sweep; add -m"),
        (("-m", "strategy=mean", "seed=0,1"), "racing=true needs two systems at least"),
        (("-m", "strategy=mean,random", "steps=3,4"), "racing=true needs cells of one length"),
        (("-m", "strategy=mean,random", "eval_every=3"), "racing=true has nothing to look at between"),
        (("-m", "strategy=mean,random", "steps=null", "epochs=2"), "racing=true compares cells after equally many"),
        (("-m", "strategy=mean,random", "stop_after=2"), "racing=true stops cells by itself"),
        (("-m", "strategy=mean,random", "stop=patience"), "racing=true compares cells after equally many steps; use"),
        (("-m", "strategy=mean,random", "hydra.sweeper.max_batch_size=1"), "racing=true launches its own batches"),
    ],
)
def test_race_is_refused_in_one_line_when_there_is_nothing_to_race(
    arguments: tuple[str, ...], told: str, here: Path, material: Any, run_here: RunScript
) -> None:
    options = [part for part in arguments if part == "-m"]
    settings = [part for part in arguments if part != "-m"]
    keys = {part.split("=")[0] for part in settings}
    kept = [part for part in CHEAP if part.split("=")[0] not in keys]
    result = run_here("grid.py", *options, *material.overrides, *kept, *settings, "racing=true", "name=no", cwd=here)
    assert result.returncode == 2
    assert result.stderr.startswith(f"error: {told}")
    assert result.stderr.count("\n") == 1
    assert not list((here / "runs").glob("no/*/cell.json"))
