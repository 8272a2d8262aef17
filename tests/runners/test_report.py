"""The entry point as a user runs it, and the end of a run."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_experiment
from hydra import compose, initialize_config_dir
from small_experiment import forget_checksums, write_experiment

from runners.cli.entry_point import CONF
from runners.config.end_of_sweep import CompareAtTheEnd, compare
from runners.config.registration import register_options
from runners.config.report_settings import report_settings
from runners.reporting.markdown import escape
from runners.reporting.results import load_experiment
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
        ("experiment=", "experiment='' can't name a folder"),
        ("experiment=nobody", "runs/nobody has no finished cell (it holds no cell at all; choose one of single)"),
        ("aim=charm", "the report names 'charm', which is no metric; choose from "),
        ("publish=mail", "report.publish='mail' is unknown; choose from none, wandb"),
        ("sentences=some", "Value 'some' of type 'str' could not be converted to Integer"),
        ("margins.secs=-1", "report.margins.secs=-1.0 must be a finite number above 0"),
        ("ratings=[", "'ratings=[' can't be read; give name=value, a list as name=[one,two]"),
        ("guards={wer", "'guards={wer' can't be read; give name=value"),
        ("aim=*wer", "'aim=*wer' can't be read; give name=value"),
        ("colour=red", "Key 'colour' not in 'ReportSettingsSchema'"),
    ],
)
def test_mistake_is_told_in_one_line_when_it_is_made(wrong: str, told: str, here: Path, run_here: RunScript) -> None:
    done = run_here("report.py", "experiment=single", wrong, cwd=here)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {told}")
    assert done.stderr.count("\n") == 1


def test_settings_are_those_of_a_sweep_when_none_are_given() -> None:
    register_options()
    assert report_settings([]) == ReportSettings()
    assert report_settings(["margins.secs=0.01", "guards=[wer]"]) == ReportSettings(
        guards=["wer"], margins={"secs": 0.01}
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


REPEAT = "; the cells' results are kept; python runners/report.py experiment=single results="


def _folder_for_file(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir(parents=True)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda runs: _folder_for_file(runs / "comparison.csv"), "the table of all cells can't be written"),
        (lambda runs: (runs / "report").touch(), "the report can't be written"),
        (lambda runs: _cell_file(runs, "scores.csv").write_text("step\n"), "the report can't be written"),
        (lambda runs: _cell_file(runs, "scores.csv").write_bytes(b"\xff\xfe"), "the report can't be written"),
        (lambda runs: _folder_for_file(_cell_file(runs, "scores.csv")), "the report can't be written"),
        (lambda runs: _cell_file(runs, "references.csv").write_text(""), "the report can't be written"),
        (lambda runs: _cell_file(runs, "cell.json").write_text("[]"), "the report can't be written"),
        (lambda runs: _without_key(runs, "trainable"), "the report can't be written"),
    ],
)
def test_error_says_how_to_repeat_it_when_the_end_fails(
    spoil: Callable[[Path], object], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register_options()
    experiment = tmp_path / "runs" / "single"
    write_experiment(experiment, strategies=("mean",), freezes=("none",))
    forget_checksums(experiment / "strategy=mean,freeze=none,seed=0")  # else these say it
    spoil(experiment)
    assert not compare(experiment, ReportSettings(sentences=0))
    errors = capsys.readouterr().err.splitlines()
    assert errors[0].startswith(f"error: {told} (")
    assert all(error.endswith(f"{REPEAT}{tmp_path / 'runs'} writes it again") for error in errors)
    assert len(list(experiment.glob("*/cell.json"))) == 1


def test_traceback_stays_when_a_defect_ends_the_report(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    register_options()
    monkeypatch.setattr("runners.config.end_of_sweep.report", lambda *_: {}["a key"])
    assert not compare(here / "runs" / "single", ReportSettings(sentences=0))
    errors = capsys.readouterr().err
    assert errors.startswith("Traceback")
    assert "error: the report can't be written ('a key')" in errors


def _cell_file(experiment: Path, name: str) -> Path:
    return experiment / "strategy=mean,freeze=none,seed=0" / name


def _without_key(experiment: Path, key: str) -> None:
    path = _cell_file(experiment, "cell.json")
    record = json.loads(path.read_text(encoding="utf-8"))
    del record[key]
    path.write_text(json.dumps(record), encoding="utf-8")


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("report.aim=nope", "the report names 'nope', which is no metric"),
        ("report.guards=[nope]", "the report names 'nope', which is no metric"),
        ("+report.margins.nope=1", "the report names 'nope', which is no metric"),
        ("+report.margins.wer=nan", "report.margins.wer"),
        ("report.level=2", "report.level"),
        ("report.publish=mail", "publish"),
        ("name='..'", "name="),
        ("name=../../x", "name="),
        ("name=.", "name="),
        ("name=''", "name="),
        ("name='[bold]x'", "name="),
        ('name="a\tb"', "name="),
        (f"name={'x' * 101}", "name="),
        ("results=''", "results="),
        ('results="a\tb"', "results="),
        (f"results={'x' * 256}", "results="),
    ],
)
def test_sweep_ends_before_its_first_cell_when_its_end_would_fail(
    override: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    register_options()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VOICEGRID_SWEEP", raising=False)
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("grid", [override])
    for begins in (CompareAtTheEnd().on_run_start, CompareAtTheEnd().on_multirun_start):
        with pytest.raises(SystemExit) as left:
            begins(config)
        assert left.value.code == 2
        error = capsys.readouterr().err
        assert told in error
        assert error.startswith("error: ")
        assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_speakers_are_told_by_their_names_when_these_look_like_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_options()
    monkeypatch.setattr(small_experiment, "SPEAKERS", ("1e5", "NA", "nan"))
    folder = write_experiment(tmp_path / "odd", strategies=("mean",), freezes=("none",))
    assert load_experiment(folder).speakers == ("1e5", "NA", "nan")
    assert compare(folder, ReportSettings(sentences=1))
    text = (folder / "report" / "report.md").read_text(encoding="utf-8")
    assert all(f"| {speaker} |" in text for speaker in ("1e5", "NA", "nan"))


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
