"""A corpus that the judge of words transcribed itself: its error rate is marked wherever it stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from planted_experiment import planted

from metrics.secs import Secs
from metrics.wer import WordErrorRate
from metrics.wer_faster_whisper import FasterWhisperWordErrorRate
from runners.reporting.analysis import analyse
from runners.reporting.cell_result import CellResult
from runners.reporting.contents import document
from runners.reporting.html import as_html
from runners.reporting.judges_own_texts import marked, warnings
from runners.reporting.markdown import as_markdown
from runners.reporting.results import Experiment, System
from runners.reporting.settings import ReportSettings
from runners.reporting.terminal import print_cells
from runners.results.cell_folder import CellFolder

HEARD = {"Whisper tiny.en": {"test": 5, "train": 80}}
WARNING = (
    "WER flatters: 80 of 80 training texts and 5 of 12 recorded test texts are what Whisper tiny.en heard, and it is "
    "the judge here, so that its own errors count as right. Correct the texts, and ask a second judge: "
    "metrics=[secs,wer,wer_faster_whisper]."
)


def heard(experiment: Experiment) -> Experiment:
    systems = (
        System(s.facets, tuple(CellResult(c.folder, {**c.record, "recognised": HEARD}) for c in s.cells))
        for s in experiment.systems
    )
    return replace(experiment, systems=tuple(systems))


def test_error_rate_is_marked_in_page_and_text_when_its_judge_wrote_texts(experiment: Experiment) -> None:
    secs = {"mean · none": 0.5, "nearest · none": 0.7}
    page = document(analyse(heard(planted(experiment, secs)), ReportSettings()))
    answer, ranking = page.sections[0].blocks[0], next(s for s in page.sections if s.anchor == "ranking").blocks[0]
    assert "WER (flattered) 0." in answer.sentences[0]
    assert ranking.columns[3:5] == ("SECS ↑", "WER ↓ (flattered)")
    assert f"“flattered”: {WARNING}" in ranking.notes
    for text in (as_markdown(page, "figures").replace("\\", ""), as_html(page)):
        assert text.count(WARNING) == 2, "under the table, and in how far it reaches"
    without = document(analyse(planted(experiment, secs), ReportSettings()))
    assert "flatter" not in as_markdown(without, "figures")


def test_error_rate_is_marked_in_the_terminal_when_its_judge_wrote_texts(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = CellFolder(next(small.glob("*/cell.json")).parent)
    before = (cell.path / "cell.json").read_bytes()
    cell.update(recognised=HEARD)
    try:
        print_cells(small, [WordErrorRate(), Secs()])
    finally:
        (cell.path / "cell.json").write_bytes(before)
    assert WARNING in " ".join(capsys.readouterr().out.split())


def test_second_judge_is_read_when_it_was_asked(experiment: Experiment) -> None:
    (cell,) = heard(experiment).cells[:1]
    summary = [*cell.record["summary"], {**cell.record["summary"][0], "metric": "wer_fw_base"}]
    both = CellResult(cell.folder, {**cell.record, "summary": summary})
    (warning,) = warnings([Secs(), WordErrorRate(), FasterWhisperWordErrorRate()], [both])
    assert warning.endswith("Correct the texts, and read WER FW BASE beside it.")


def test_only_the_judge_that_wrote_them_is_flattered(experiment: Experiment) -> None:
    cells = heard(experiment).cells
    assert marked(WordErrorRate(), cells) == "WER (flattered)"
    assert marked(WordErrorRate(model="small"), cells) == "WER"
    assert marked(FasterWhisperWordErrorRate(), cells) == "WER FW BASE"
