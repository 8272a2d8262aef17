"""The table at the end of a run or a sweep, from cell folders written by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from small_experiment import forget_checksums, write_experiment

from metrics.secs import Secs
from metrics.wer import WordErrorRate
from runners.reporting.cell_result import CellResult, finished_cells
from runners.reporting.terminal import ALSO_UNRECORDED, best_first, print_cells, reference_lines, table_of_cells
from runners.results.cell_folder import FIRST_CHECKED
from strategies.adaptation import AXES
from vits.common.errors import InputError

NAN = float("nan")
METRICS = (WordErrorRate(), Secs())


def cells_of(experiment: Path) -> list[CellResult]:
    return best_first(finished_cells(experiment), METRICS[0])


def write_cell(
    experiment: Path, strategy: str, *, wer: float | None = 0.5, secs: float = 0.3, status: str = "finished"
) -> Path:
    """A cell whose table of references says 0.1 more copy-synthesis than its own SECS."""
    folder = experiment / f"strategy={strategy},freeze=decoder,seed=0"
    folder.mkdir(parents=True)
    summary = [
        {"step": 2, "split": "test", "metric": "secs", "mean": secs, "spread": 0.05},
        {"step": 2, "split": "validation", "metric": "wer", "mean": 0.0, "spread": 0.0},
    ]
    if wer is not None:
        summary.append({"step": 2, "split": "test", "metric": "wer", "mean": wer, "spread": 0.25})
    record = {
        "status": status,
        "identity_of": {"format": FIRST_CHECKED - 1},
        "axes": dict.fromkeys(AXES, "none") | {"strategy": strategy, "freeze": "decoder"},
        "settings": {},
        "seed": 0,
        "base": "pretrained",
        "trainable": [{"part": "flow", "percent": 100.0}, {"part": "synthesizer", "percent": 85.96}],
        "summary": summary,
    }
    (folder / "cell.json").write_text(json.dumps(record), encoding="utf-8")
    write_references(folder, secs + 0.1)
    return folder


def write_references(folder: Path, copied: float) -> None:
    """Speaker 1 has 2 errors in 10 words and 0 in 2, speaker 2 none in 5: WERs of 1/6 and 0, 1/12 on average."""
    rows = []
    for speaker, utterance, errors, words in (("1", "a", 2, 10), ("1", "b", 0, 2), ("2", "a", 0, 5)):
        counts = {"wer_substitutions": errors, "wer_deletions": 0, "wer_insertions": 0, "wer_reference_words": words}
        for metric, value in {"wer": errors / words, **counts, "secs": 0.8 if speaker == "1" else 0.9}.items():
            rows.append(("recording", 0, "test", speaker, utterance, metric, value))
            rows.append(("recording", 0, "validation", speaker, utterance, metric, -1.0))
        rows.append(("copy_synthesis", 2, "test", speaker, utterance, "secs", copied))
    rows += [("other_speakers", 0, "test", speaker, "", "secs", value) for speaker, value in (("1", 0.1), ("2", 0.2))]
    columns = ["reference", "step", "split", "speaker", "utterance", "metric", "value"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "references.csv", index=False)


def test_table_shows_the_test_split_when_cells_are_finished(tmp_path: Path) -> None:
    write_cell(tmp_path, "mean", wer=0.25)
    (row,) = table_of_cells(cells_of(tmp_path), METRICS).to_dict(orient="records")
    assert row == {
        "strategy": "mean",
        "freeze": "decoder",
        "seed": 0,
        "base": "pretrained",
        "trained": "86.0 %",
        "WER": "0.250 ± 0.250",
        "SECS": "0.300 ± 0.050",
    }


def test_best_cell_is_first_when_rates_have_more_digits(tmp_path: Path) -> None:
    for strategy, wer in (("mean", 10.5), ("nearest", 9.25), ("random", NAN), ("ecapa", 100.0)):
        write_cell(tmp_path, strategy, wer=wer)
    assert list(table_of_cells(cells_of(tmp_path), METRICS)["strategy"]) == ["nearest", "mean", "ecapa", "random"]


def test_cells_without_a_result_are_left_out_when_listed(tmp_path: Path) -> None:
    write_cell(tmp_path, "mean")
    write_cell(tmp_path, "nearest", status="failed")
    write_cell(tmp_path, "random", status="running")
    (tmp_path / "failed").mkdir()
    (tmp_path / "failed" / "some.txt").touch()
    assert [cell.name for cell in finished_cells(tmp_path)] == ["strategy=mean,freeze=decoder,seed=0"]


def test_column_is_empty_when_a_metric_was_not_scored(tmp_path: Path) -> None:
    for strategy in ("mean", "nearest"):
        write_cell(tmp_path, strategy, wer=None)
    table = table_of_cells(cells_of(tmp_path), METRICS)
    assert list(table["WER"]) == ["", ""]
    assert list(table["SECS"]) == ["0.300 ± 0.050"] * 2


def test_references_are_means_over_speakers_when_utterances_are_uneven(tmp_path: Path) -> None:
    write_cell(tmp_path, "mean", secs=0.4)
    assert reference_lines(cells_of(tmp_path)[0], METRICS) == {
        "the recordings themselves": ["0.083 ± 0.118", "0.850 ± 0.071"],
        "copy-synthesis": ["", "0.500 ± 0.000"],
        "recordings of other speakers": ["", "0.150 ± 0.071"],
    }


def test_copy_synthesis_is_that_of_the_best_cell_when_there_are_many(tmp_path: Path) -> None:
    write_cell(tmp_path, "a", wer=0.9, secs=0.0)
    write_cell(tmp_path, "b", wer=0.1, secs=0.5)
    assert reference_lines(cells_of(tmp_path)[0], METRICS)["copy-synthesis"][1] == "0.600 ± 0.000"


def test_table_is_printed_and_written_when_there_are_cells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_cell(tmp_path / "mine", "mean", wer=0.25)
    write_cell(tmp_path / "mine", "random", wer=0.75)
    print_cells(tmp_path / "mine", METRICS)
    printed = capsys.readouterr().out
    lines = [line for line in printed.splitlines() if "│" in line]
    title = "mine: new voices, recorded sentences, mean over speakers ± spread between them"
    assert " ".join(printed.split()).startswith(title)
    assert ALSO_UNRECORDED not in printed
    assert ["mean" in lines[0], "random" in lines[1]] == [True, True]
    assert [line.split("│")[1].strip() for line in lines[2:]] == [
        "the recordings themselves",
        "copy-synthesis",
        "recordings of other speakers",
    ]
    written = pd.read_csv(tmp_path / "mine" / "comparison.csv")
    assert list(written["WER"]) == ["0.250 ± 0.250", "0.750 ± 0.250"]


def test_table_says_what_it_leaves_out_when_unrecorded_sentences_were_spoken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_cell(tmp_path / "mine", "mean")
    record = json.loads((folder / "cell.json").read_text())
    record["summary"].append({"step": 2, "split": "texts", "metric": "secs", "mean": 0.777, "spread": 0.0})
    (folder / "cell.json").write_text(json.dumps(record), encoding="utf-8")
    print_cells(tmp_path / "mine", METRICS)
    printed = " ".join(capsys.readouterr().out.split())
    assert ALSO_UNRECORDED in printed
    assert "0.777" not in printed


def test_nothing_is_printed_or_written_when_there_are_no_cells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_cells(tmp_path / "none", METRICS)
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "none").exists()


def test_choice_has_a_column_when_cells_differ_in_it(tmp_path: Path) -> None:
    for strategy, adapter in (("mean", "none"), ("nearest", "lora")):
        folder = write_cell(tmp_path, strategy)
        record = json.loads((folder / "cell.json").read_text())
        record["axes"]["adapter"] = adapter
        record["settings"] = {"steps": "2"} if adapter == "lora" else {}
        (folder / "cell.json").write_text(json.dumps(record))
    table = table_of_cells(cells_of(tmp_path), METRICS)
    assert list(table.columns[:5]) == ["strategy", "freeze", "adapter", "steps", "seed"]
    assert set(zip(table["adapter"], table["steps"], strict=True)) == {("none", "default"), ("lora", "2")}


def test_cell_is_refused_when_an_earlier_version_wrote_it(tmp_path: Path) -> None:
    folder = write_cell(tmp_path, "mean")
    record = json.loads((folder / "cell.json").read_text())
    axes = record.pop("axes")
    (folder / "cell.json").write_text(json.dumps(record | {"strategy": axes["strategy"]}))
    with pytest.raises(InputError, match="written by an earlier version of this project; remove it"):
        finished_cells(tmp_path)


def test_base_of_each_cell_is_named_when_bases_are_compared(tmp_path: Path) -> None:
    folder = write_experiment(tmp_path / "bases", strategies=("mean",), freezes=("none", "decoder"))
    for cell, base in zip(sorted(folder.glob("strategy=*")), ("mine", "theirs"), strict=True):
        record = json.loads((cell / "cell.json").read_text(encoding="utf-8"))
        record["settings"] = {"base": base}
        (cell / "cell.json").write_text(json.dumps(record), encoding="utf-8")
        forget_checksums(cell)
    assert list(table_of_cells(finished_cells(folder), METRICS)["base"]) == ["mine", "theirs"]
