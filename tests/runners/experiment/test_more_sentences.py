"""Cells that may be the best speak further sentences, as they would have with more of them from the start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from runners.experiment.cell import Cell
from runners.experiment.run_cell import run_cell
from runners.results.further_scores import FurtherScores
from runners.results.undecided import UNDECIDED_JSON, write_undecided
from vits.common.errors import InputError

MakeCell = Callable[..., Cell]
SETTINGS = ("steps=1", "metrics=[secs]", "evaluation.validation_sentences=2", "evaluation.retention_utterances=0")
KEYS = ["step", "split", "speaker", "utterance", "metric"]


@pytest.fixture
def undecided_cell(make_cell: MakeCell) -> Path:
    """A finished cell of one that may be the best; it spoke one sentence that nobody recorded."""
    folder = run_cell(make_cell(*SETTINGS, "evaluation.test_texts=1"))
    write_undecided(folder.path.parent, [{**folder.record["axes"], **folder.record["settings"]}])
    return folder.path


def test_scores_are_those_of_a_larger_evaluation_when_more_is_spoken(undecided_cell: Path, make_cell: MakeCell) -> None:
    for more in (1, 3):
        run_cell(make_cell(*SETTINGS, "evaluation.test_texts=1", f"more_sentences={more}"))
    further = FurtherScores(undecided_cell)
    assert further.n_sentences == 3
    assert sorted(further.table("texts")["utterance"].unique()) == ["english/002", "english/003", "english/004"]
    larger = run_cell(make_cell(*SETTINGS, "evaluation.test_texts=4", "name=larger")).table("scores")
    both = further.table("scores").merge(larger, on=KEYS, suffixes=("", "_larger"))
    assert len(both) == 2 * 3
    assert (both["value"] - both["value_larger"]).abs().max() < 1e-3


def test_nothing_more_is_spoken_when_enough_was_or_the_cell_is_beaten(
    undecided_cell: Path, make_cell: MakeCell, capsys: pytest.CaptureFixture[str]
) -> None:
    more = make_cell(*SETTINGS, "evaluation.test_texts=1", "more_sentences=1")
    run_cell(more)
    before = (undecided_cell / "further" / "001" / "scores.csv").stat().st_mtime_ns
    capsys.readouterr()
    run_cell(more)
    assert "it has spoken 1 further sentences before" in capsys.readouterr().out
    assert (undecided_cell / "further" / "001" / "scores.csv").stat().st_mtime_ns == before
    write_undecided(undecided_cell.parent, [])
    run_cell(make_cell(*SETTINGS, "evaluation.test_texts=1", "more_sentences=2"))
    assert "it isn't among those that may be the best" in capsys.readouterr().out
    (undecided_cell.parent / UNDECIDED_JSON).unlink()
    run_cell(make_cell(*SETTINGS, "evaluation.test_texts=1", "more_sentences=2"))
    assert "no report has compared demo yet" in capsys.readouterr().out
    assert FurtherScores(undecided_cell).n_sentences == 1


@pytest.mark.parametrize("count", [-1, 201])
def test_cell_is_refused_when_the_count_is_out_of_bounds(count: int, make_cell: MakeCell) -> None:
    with pytest.raises(InputError, match="more_sentences"):
        make_cell(f"more_sentences={count}")


def test_name_and_configuration_are_the_same_when_more_is_asked_for(make_cell: MakeCell) -> None:
    plain, more = make_cell(), make_cell("more_sentences=5")
    assert plain.name == more.name
    assert plain.config_yaml == more.config_yaml


def tables(value: float) -> dict[str, pd.DataFrame]:
    key = {"step": 1, "split": "texts", "speaker": "a", "utterance": "english/002"}
    return {
        "scores": pd.DataFrame([{**key, "metric": "secs", "value": value}]),
        "transcripts": pd.DataFrame([{**key, "note": "transcript", "text": "yes"}]),
        "texts": pd.DataFrame([{"split": "texts", "speaker": "a", "utterance": "english/002", "text": "Yes."}]),
    }


def test_part_counts_for_nothing_when_its_checksums_were_not_written(tmp_path: Path) -> None:
    further = FurtherScores(tmp_path)
    further.add(1, tables(0.5))
    further.add(2, tables(0.25))
    assert list(further.table("scores")["value"]) == [0.5, 0.25]
    (tmp_path / "further" / "002" / "checksums.json").unlink()
    assert further.n_sentences == 1
    assert list(further.table("scores")["value"]) == [0.5]


@pytest.mark.parametrize("name", ["scores.csv", "texts.csv", "transcripts.csv"])
@pytest.mark.parametrize("damage", [lambda text: text.replace("s", "t"), lambda text: text[:-3], lambda _: ""])
def test_table_is_refused_when_it_was_changed(name: str, damage: Callable[[str], str], tmp_path: Path) -> None:
    FurtherScores(tmp_path).add(1, tables(0.5))
    path = tmp_path / "further" / "001" / name
    path.write_text(damage(path.read_text()))
    with pytest.raises(InputError, match=name):
        FurtherScores(tmp_path).table("scores")


@pytest.mark.parametrize("name", ["scores.csv", "texts.csv", "transcripts.csv"])
def test_table_is_refused_when_it_is_missing(name: str, tmp_path: Path) -> None:
    FurtherScores(tmp_path).add(1, tables(0.5))
    (tmp_path / "further" / "001" / name).unlink()
    with pytest.raises(InputError, match=rf"{name} is missing"):
        FurtherScores(tmp_path).table("scores")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"scores.csv": 1}'])
def test_part_is_refused_when_its_checksums_are_damaged(content: str, tmp_path: Path) -> None:
    FurtherScores(tmp_path).add(1, tables(0.5))
    (tmp_path / "further" / "001" / "checksums.json").write_text(content)
    with pytest.raises(InputError, match="further/001"):
        FurtherScores(tmp_path).table("scores")
