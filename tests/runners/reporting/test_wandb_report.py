"""The report in Weights & Biases, built and saved by their client against a stand-in for their servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small_experiment import write_experiment
from wandb_stand_in import ENTITY, LoggedRun, WandbStandIn, logged_in, logged_out

from runners.reporting.analysis import Analysis, analyse
from runners.reporting.answer import answer
from runners.reporting.cell_result import CellResult
from runners.reporting.contents import document
from runners.reporting.markdown import as_markdown, escape
from runners.reporting.results import Experiment, load_experiment
from runners.reporting.sections.effect_section import effect_sentence
from runners.reporting.settings import ReportSettings
from runners.reporting.wandb_panels import experiment_cells
from runners.reporting.wandb_report import publish
from runners.tracking.tracker import TRAINED, Tracker, TrackingSettings, result_key
from vits.common.errors import InputError

SETTINGS = ReportSettings()


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return analyse(load_experiment(write_experiment(tmp_path_factory.mktemp("runs") / "small")), SETTINGS)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbStandIn]:
    with logged_in(tmp_path, monkeypatch) as state:
        yield state


def known_runs(analysis: Analysis) -> dict[str, LoggedRun]:
    return {cell.record["identity"]: LoggedRun() for cell in experiment_cells(analysis.experiment)}


def saved(server: WandbStandIn) -> list[dict[str, Any]]:
    """The blocks of the one report that the server has."""
    (report,) = server.reports.values()
    return json.loads(report["spec"])["blocks"]


def grids(server: WandbStandIn) -> list[dict[str, Any]]:
    return [block["metadata"] for block in saved(server) if block["type"] == "panel-grid"]


def panels(server: WandbStandIn, kind: str) -> list[dict[str, Any]]:
    every = [panel for grid in grids(server) for panel in grid["panelBankSectionConfig"]["panels"]]
    return [panel["config"] for panel in every if panel["viewType"] == kind]


def keys_of(server: WandbStandIn) -> tuple[set[str], set[str]]:
    """The names that the charts draw from what is logged over time, and from the summaries."""
    lines, bars = panels(server, "Run History Line Plot"), panels(server, "Bar Chart")
    scatters, media = panels(server, "Scatter Plot"), panels(server, "Media Browser")
    over_time = {key for line in lines for key in (*line["metrics"], line["xAxis"])}
    over_time |= {key for browser in media for key in browser["mediaKeys"]}
    axes = {axis for plot in scatters for axis in (plot["xAxis"], plot["yAxis"], plot.get("zAxis"))} - {None}
    columns = {
        name for grid in grids(server) for run_set in grid["runSets"] for name in run_set["runFeed"]["columnOrder"]
    }
    summary = {name.removeprefix("summary:") for name in axes | columns if name.startswith("summary:")}
    return over_time, summary | {key for bar in bars for key in bar["metrics"]}


def log(cell: CellResult) -> None:
    """Log a cell as the experiment does: losses, scores and media of each evaluation, then the summary."""
    record = cell.record
    settings = TrackingSettings(mode="online")
    tracker = Tracker(
        settings,
        directory=cell.folder,
        run_id=record["identity"],
        name=cell.name,
        group=record["axes"]["strategy"],
        job_type=record["axes"]["freeze"],
        config={"seed": cell.seed},
    )
    losses = cell.table("losses", ())
    summary = pd.DataFrame(record["summary"])
    with tracker:
        tracker.summarise({TRAINED: record["trainable"][-1]["trainable"]})
        for step, rows in losses.groupby("step"):
            tracker.log_losses(int(str(step)), dict(zip(rows["loss"], rows["value"], strict=True)))
        audio = [path.stem for path in cell.folder.glob("pictures/step=00000/*.png")]
        tracker.log_scores(0, summary)
        tracker.log_media(0, [cell.folder / "audio" / "step=00000" / "test" / f"{stem}.flac" for stem in audio], [])
        tracker.summarise({result_key(row.split, row.metric): row.mean for row in summary.itertuples()})


def test_every_chart_draws_what_the_tracker_logs_when_runs_are_online(analysis: Analysis, server: WandbStandIn) -> None:
    cell = experiment_cells(analysis.experiment)[0]
    log(cell)
    server.runs = known_runs(analysis) | server.runs
    publish(analysis, document(analysis))
    over_time, summary = keys_of(server)
    run = server.runs[cell.record["identity"]]
    assert over_time <= run.history_keys
    assert summary <= set(run.summary)
    assert {"step", "losses/mel", "losses/kl"} <= over_time
    assert {f"scores/{split}/{metric}" for split in ("test", "validation") for metric in ("wer", "secs")} <= over_time
    assert {f"audio/{speaker}-test+{speaker}+0" for speaker in ("anna", "ben", "cleo")} <= over_time
    assert summary == {"test/wer", "test/secs", TRAINED}
    assert server.unknown == []


def test_runs_are_grouped_by_strategy_when_curves_are_drawn(analysis: Analysis, server: WandbStandIn) -> None:
    server.runs = known_runs(analysis)
    publish(analysis, document(analysis))
    groupings = [[key["name"] for key in grid["runSets"][0]["grouping"]] for grid in grids(server)]
    assert groupings == [["group", "jobType"], ["group"], []]
    for grid in grids(server):
        (run_set,) = grid["runSets"]
        (only,) = run_set["filters"]["filters"]
        assert (only["key"]["name"], only["op"], set(only["value"])) == ("name", "IN", set(server.runs))
        assert run_set["project"]["name"] == "voicegrid"
        (order,) = run_set["sort"]["keys"]
        assert (order["key"], order["ascending"]) == ({"section": "summary", "name": "test/secs"}, False)


def texts(server: WandbStandIn) -> list[str]:
    return [block["content"] for block in saved(server) if block["type"] == "markdown-block"]


def test_text_is_that_of_the_local_report_when_published(analysis: Analysis, server: WandbStandIn) -> None:
    server.runs = known_runs(analysis)
    page = document(analysis)
    publish(analysis, page)
    (text,) = texts(server)
    local = as_markdown(page, "figures").splitlines()
    assert set(text.splitlines()) <= set(local)
    assert {f"- {escape(sentence)}" for sentence in answer(analysis)} <= set(text.splitlines())
    for effects in analysis.verdicts.effects.values():
        assert all(escape(effect_sentence(effect)) in text for effect in effects)
    assert "![" not in text
    assert ".csv" not in text


def test_address_is_the_same_when_published_again(analysis: Analysis, server: WandbStandIn) -> None:
    server.runs = known_runs(analysis)
    page = document(analysis)
    first = publish(analysis, page)
    again = publish(analysis, replace(page, subtitle="Other words"))
    assert first == again
    assert first.startswith(f"{server.url}/{ENTITY}/voicegrid/reports/small")
    assert "Other words" in texts(server)[0]


def test_message_says_how_to_log_in_when_there_is_no_login(
    analysis: Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with logged_out(tmp_path, monkeypatch), pytest.raises(InputError) as raised:
        publish(analysis, document(analysis))
    assert "wandb login" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("mode", ["offline", "disabled"])
def test_message_names_the_variable_when_it_keeps_wandb_offline(
    analysis: Analysis, server: WandbStandIn, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setenv("WANDB_MODE", mode)
    with pytest.raises(InputError, match=f"WANDB_MODE={mode}.*unset it"):
        publish(analysis, document(analysis))
    assert server.reports == {}


def test_message_says_what_the_server_said_when_it_refuses_the_key(analysis: Analysis, server: WandbStandIn) -> None:
    server.login = False
    with pytest.raises(InputError, match=r"invalid credentials.*wandb login --relogin") as raised:
        publish(analysis, document(analysis))
    assert "\n" not in str(raised.value)


def test_message_is_one_line_when_the_server_refuses_the_report(analysis: Analysis, server: WandbStandIn) -> None:
    server.runs = known_runs(analysis)
    server.refused.add("upsertView")
    with pytest.raises(InputError, match=r"took no report.*not permitted") as raised:
        publish(analysis, document(analysis))
    assert "\n" not in str(raised.value)


def offline_experiment(folder: Path) -> Analysis:
    """Cells whose runs were logged offline, in a folder whose name a shell would take apart."""
    experiment = write_experiment(folder / "my runs", freezes=("none",))
    analysis = analyse(load_experiment(experiment), SETTINGS)
    for cell in experiment_cells(analysis.experiment):
        (cell.folder / "wandb" / f"offline-run-20260101_000000-{cell.record['identity']}").mkdir(parents=True)
    return analysis


def test_message_says_how_to_upload_when_runs_are_only_offline(tmp_path: Path, server: WandbStandIn) -> None:
    analysis = offline_experiment(tmp_path)
    first, *_ = known_runs(analysis).items()
    server.runs = dict([first])
    with pytest.raises(InputError) as raised:
        publish(analysis, document(analysis))
    told = f"1 of 2 runs were logged offline and are not in {ENTITY}/voicegrid yet"
    assert str(raised.value).startswith(told)
    assert f"wandb sync '{tmp_path / 'my runs'}'/*/wandb/offline-run-*" in str(raised.value)


def test_report_is_saved_when_offline_runs_were_uploaded(tmp_path: Path, server: WandbStandIn) -> None:
    analysis = offline_experiment(tmp_path)
    server.runs = known_runs(analysis)
    publish(analysis, document(analysis))
    assert len(server.reports) == 1


def test_message_says_that_nothing_was_logged_when_no_run_is_there(analysis: Analysis, server: WandbStandIn) -> None:
    server.projects.clear()
    with pytest.raises(InputError, match=r"no run of .*wandb\.mode=disabled"):
        publish(analysis, document(analysis))


def test_report_names_the_cells_without_a_run_when_others_have_one(analysis: Analysis, server: WandbStandIn) -> None:
    lost, *others = known_runs(analysis)
    server.runs = {run_id: LoggedRun() for run_id in others}
    publish(analysis, document(analysis))
    (name,) = [c.name for c in experiment_cells(analysis.experiment) if c.record["identity"] == lost]
    assert texts(server)[1].startswith(f"{name}: not in Weights & Biases")


def test_message_names_the_projects_when_cells_went_to_several(tmp_path: Path, server: WandbStandIn) -> None:
    write_experiment(tmp_path / "mixed", strategies=("mean",), project="one")
    write_experiment(tmp_path / "mixed", strategies=("nearest",), project="two")
    mixed = analyse(load_experiment(tmp_path / "mixed"), SETTINGS)
    with pytest.raises(InputError, match=r"your own account/one and your own account/two"):
        publish(mixed, document(mixed))


def with_seeds(experiment: Experiment, number: int) -> Experiment:
    """An experiment with so many cells in the place of each, of identities of their own and the same results."""

    def many(cell: CellResult) -> Iterator[CellResult]:
        for seed in range(number):
            yield replace(cell, record={**cell.record, "seed": seed, "identity": f"{cell.record['identity']}-{seed}"})

    systems = [replace(s, cells=tuple(one for cell in s.cells for one in many(cell))) for s in experiment.systems]
    return replace(experiment, systems=tuple(systems))


def test_two_hundred_cells_make_one_report_when_published(
    analysis: Analysis, tmp_path: Path, server: WandbStandIn
) -> None:
    server.runs = known_runs(analysis)
    publish(analysis, document(analysis))
    of_four = [len(grid["panelBankSectionConfig"]["panels"]) for grid in grids(server)]
    server.reports.clear()
    server.asked.clear()
    large = replace(analysis, experiment=with_seeds(analysis.experiment, 50))
    server.runs = known_runs(large)
    publish(large, document(analysis))
    assert len(server.reports) == 1
    assert server.asked.count("Runs") == 1
    assert [len(grid["panelBankSectionConfig"]["panels"]) for grid in grids(server)] == of_four
    for grid in grids(server):
        (run_set,) = grid["runSets"]
        assert len(run_set["filters"]["filters"][0]["value"]) == 200
    assert {line["limit"] for line in panels(server, "Run History Line Plot")} == {200}
