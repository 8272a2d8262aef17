"""The entry point as a user runs it, and the end of a run."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from small_experiment import write_experiment

from runners.cli.report_arguments import ReportArguments
from runners.config.end_of_sweep import compare
from runners.config.registration import register_options
from runners.reporting.settings import ReportSettings
from vits.common.errors import InputError

RunScript = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the commands are typed, with a single cell."""
    folder = tmp_path_factory.mktemp("here")
    write_experiment(folder / "runs" / "single", strategies=("mean",), freezes=("none",))
    return folder


def test_report_is_written_when_asked_for_by_name(here: Path, run_script: RunScript) -> None:
    done = run_script("report.py", "experiment=single", "report.resamples=200", "sentences=1", cwd=here)
    assert (done.returncode, done.stdout, done.stderr) == (0, "runs/single/report/index.html\n", "")
    text = (here / "runs" / "single" / "report" / "report.md").read_text(encoding="utf-8")
    assert "nothing to compare it with" in text


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("experiment=nobody", "runs/nobody has no finished cell (it holds no cell at all; choose one of single)"),
        ("rank_by=charm", "rank_by=charm is no metric; choose from "),
        ("publish=mail", "publish='mail' is unknown; choose from none, wandb"),
        ("sentences=some", "sentences=some is not allowed; give a whole number"),
    ],
)
def test_mistake_is_told_in_one_line_when_it_is_made(wrong: str, told: str, here: Path, run_here: RunScript) -> None:
    done = run_here("report.py", "experiment=single", wrong, cwd=here)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {told}")
    assert done.stderr.count("\n") == 1


def test_arguments_have_the_defaults_of_a_sweep_when_none_are_given() -> None:
    given = asdict(ReportArguments("name"))
    assert {name: given[name] for name in asdict(ReportSettings())} == asdict(ReportSettings())


def test_table_and_place_of_the_report_are_printed_when_a_run_ends(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register_options()
    compare(here / "runs" / "single", ReportSettings(resamples=200, sentences=0))
    printed = capsys.readouterr().out
    assert printed.startswith("single: new voices")
    assert printed.splitlines()[-1] == f"report: {here / 'runs' / 'single' / 'report' / 'index.html'}"


def test_nothing_is_printed_when_no_cell_is_finished(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare(tmp_path / "none", ReportSettings())
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "wrong", [{"sentences": -1}, {"audio_mb": -1.0}, {"resamples": 5}, {"level": 1.0}, {"verdicts_on": "all"}]
)
def test_settings_are_refused_when_out_of_range(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(InputError, match=f"^{name}="):
        ReportSettings(**wrong)
