"""The entry point as a user runs it, and the end of a run."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_experiment import write_experiment

from runners.config.end_of_sweep import compare
from runners.config.registration import register_options
from runners.config.report_settings import report_settings
from runners.reporting.markdown import escape
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
    done = run_script("report.py", "experiment=single", "report.level=0.9", "sentences=1", cwd=here)
    assert (done.returncode, done.stderr) == (0, "")
    *answer, place = done.stdout.splitlines()
    assert place == "runs/single/report/index.html"
    assert 1 <= len(answer) <= 5
    assert answer[0].startswith("mean · none: ")
    text = (here / "runs" / "single" / "report" / "report.md").read_text(encoding="utf-8")
    assert escape(answer[0]) in text


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("experiment=nobody", "runs/nobody has no finished cell (it holds no cell at all; choose one of single)"),
        ("aim=charm", "the report names 'charm', which is no metric; choose from "),
        ("publish=mail", "report.publish='mail' is unknown; choose from none, wandb"),
        ("sentences=some", "Value 'some' of type 'str' could not be converted to Integer"),
        ("margins.secs=-1", "report.margins.secs=-1.0 must be positive"),
        ("colour=red", "Key 'colour' not in 'ReportSettingsSchema'"),
    ],
)
def test_mistake_is_told_in_one_line_when_run_as_a_script(
    wrong: str, told: str, here: Path, run_script: RunScript
) -> None:
    done = run_script("report.py", "experiment=single", wrong, cwd=here)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {told}")
    assert done.stderr.count("\n") == 1


def test_settings_are_those_of_a_sweep_when_none_are_given() -> None:
    register_options()
    assert report_settings([]) == ReportSettings()
    assert report_settings(["margins.secs=0.01", "guards=[wer]"]) == ReportSettings(
        guards=["wer"], margins={"retention": 0.05, "secs": 0.01}
    )


def test_table_and_place_of_the_report_are_printed_when_a_run_ends(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register_options()
    compare(here / "runs" / "single", ReportSettings(sentences=0))
    printed = capsys.readouterr().out
    assert printed.startswith("mean · none: ")
    assert "single: new voices" in printed
    assert printed.splitlines()[-1] == f"report: {here / 'runs' / 'single' / 'report' / 'index.html'}"


def test_nothing_is_printed_when_no_cell_is_finished(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare(tmp_path / "none", ReportSettings())
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"sentences": -1}, "report.sentences"),
        ({"audio_mb": -1.0}, "report.audio_mb"),
        ({"level": 1.0}, "report.level"),
        ({"level": float("nan")}, "report.level"),
        ({"margins": {"wer": 0.0}}, "report.margins.wer"),
        ({"publish": "mail"}, "report.publish"),
    ],
)
def test_settings_are_refused_when_out_of_range(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=f"^{told}"):
        ReportSettings(**wrong)
