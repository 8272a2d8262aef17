"""Tables of an unfinished training, changed while nobody trained."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.experiment.cell import Cell
from runners.experiment.run_cell import run_cell
from runners.results.cell_folder import CellFolder
from runners.results.noted_tables import as_noted, note_of
from vits.common.errors import InputError

COLUMNS = ("step", "split", "speaker", "utterance", "metric", "value")
ROWS = [
    (0, "test", "NA", "1e5", "wer", 0.1),
    (0, "test", "anna", "001", "wer", math.nan),
    (5, "test", "anna", "001", "wer", 1 / 3),
]


def scores(rows: list[tuple[int, str, str, str, str, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


@pytest.fixture
def cell(tmp_path: Path) -> CellFolder:
    folder = CellFolder(tmp_path)
    folder.write_table("scores", scores(ROWS))
    return folder


def test_rows_are_those_of_the_note_when_more_came_later(cell: CellFolder) -> None:
    noted = note_of({"scores": scores(ROWS[:2])})
    kept = as_noted({"scores": cell.table("scores")}, noted, cell.path)
    pd.testing.assert_frame_equal(kept["scores"], scores(ROWS[:2]), check_dtype=False)


def test_table_may_be_missing_when_it_had_no_rows(cell: CellFolder) -> None:
    noted = note_of({"losses": scores([])})
    assert as_noted({"losses": cell.table("losses")}, noted, cell.path)["losses"].empty


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("0.1", "0.2"),
        lambda text: text.replace("0.3333333333333333", "0.333333333333333"),
        lambda text: text.replace("anna", "Anna"),
        lambda text: "".join(text.splitlines(keepends=True)[:-1]),
        lambda text: text.splitlines(keepends=True)[0],
        lambda text: "".join(sorted(text.splitlines(keepends=True), reverse=True)),
    ],
)
def test_training_does_not_go_on_when_a_row_was_changed(change: Callable[[str], str], cell: CellFolder) -> None:
    path = cell.path / "scores.csv"
    noted = note_of({"scores": cell.table("scores")})
    as_noted({"scores": cell.table("scores")}, noted, cell.path)
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(InputError, match=r"scores\.csv was changed since the training was last saved; restore it"):
        as_noted({"scores": cell.table("scores")}, noted, cell.path)


def test_training_does_not_go_on_when_nothing_was_noted(cell: CellFolder) -> None:
    with pytest.raises(InputError, match="was left unfinished by another version of this project; remove the folder"):
        as_noted({"scores": cell.table("scores")}, {}, cell.path)


@given(values=st.lists(st.floats(width=64), max_size=5), name=st.text("a'\",\n ñNA0", min_size=1))
def test_note_is_the_same_when_a_table_was_written_and_read(
    values: list[float], name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    table = scores([(1, "test", name, "u", "wer", value) for value in values])
    folder = CellFolder(tmp_path_factory.mktemp("cell"))
    folder.write_table("scores", table)
    kept = as_noted({"scores": folder.table("scores")}, note_of({"scores": table}), folder.path)
    assert len(kept["scores"]) == len(values)


def test_waiting_cell_is_not_trained_on_when_a_score_was_changed(make_cell: Callable[..., Cell]) -> None:
    cheap = ("metrics=[secs]", "evaluation.test_texts=0", "strategy=mean", "freeze=decoder", "steps=2", "eval_every=1")
    waiting = run_cell(make_cell(*cheap, "stop_after=1"))
    path = waiting.path / "scores.csv"
    whole = path.read_text(encoding="utf-8")
    path.write_text("".join(whole.splitlines(keepends=True)[:-1]), encoding="utf-8")
    with pytest.raises(InputError, match=r"scores\.csv was changed since the training was last saved"):
        run_cell(make_cell(*cheap))
    path.write_text(whole, encoding="utf-8")
    assert run_cell(make_cell(*cheap)).finished
