"""The notebook is executed on an experiment's folder, and is kept without outputs."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from small_experiment import write_experiment

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
COMPARE = NOTEBOOKS / "compare.ipynb"
IDS = [path.stem for path in sorted(NOTEBOOKS.glob("*.ipynb"))]


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> list[NotebookNode]:
    """All outputs of the notebook on an experiment of four systems."""
    folder = write_experiment(tmp_path_factory.mktemp("runs") / "small")
    notebook = read(COMPARE)
    (parameters,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    parameters.source = f"experiment = {str(folder)!r}"
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def of_kind(shown: list[NotebookNode], kind: str) -> list[str]:
    return [output.data[kind] for output in shown if kind in output.get("data", {})]


@pytest.mark.parametrize("name", IDS)
def test_outputs_are_empty_when_kept(name: str) -> None:
    codes = [cell for cell in read(NOTEBOOKS / f"{name}.ipynb").cells if cell.cell_type == "code"]
    assert codes
    assert all(cell.outputs == [] and cell.execution_count is None for cell in codes)


def test_nothing_is_written_to_the_error_stream_when_executed(shown: list[NotebookNode]) -> None:
    assert [output for output in shown if output.output_type in ("error", "stream")] == []


def test_answer_and_ranking_are_shown_when_executed(shown: list[NotebookNode]) -> None:
    answer, reach = of_kind(shown, "text/markdown")
    assert all(line.startswith("- ") for text in (answer, reach) for line in text.splitlines())
    assert "use nearest · none" in answer.splitlines()[0]
    tables = of_kind(shown, "text/html")
    rankings = [table for table in tables if "costs_at_most" in table]
    assert len(rankings) == 2
    for system in ("mean · decoder", "mean · none", "nearest · decoder", "nearest · none"):
        assert all(system in table for table in rankings)


def test_each_speaker_has_a_column_when_executed(shown: list[NotebookNode]) -> None:
    by_speaker = [table for table in of_kind(shown, "text/html") if "<caption>" in table]
    assert len(by_speaker) == 2
    assert all(re.search(rf"<th[^>]*>{speaker}</th>", by_speaker[0]) for speaker in ("anna", "ben", "cleo"))


def test_curves_and_trade_off_are_drawn_when_executed(shown: list[NotebookNode]) -> None:
    assert len(of_kind(shown, "image/svg+xml")) == 3


def test_every_system_is_played_and_text_is_escaped_when_executed(shown: list[NotebookNode]) -> None:
    players = [table for table in of_kind(shown, "text/html") if "<audio" in table]
    assert players
    assert all(table.count("src='data:audio/ogg;base64,") == 4 for table in players)
    assert not any("<b>barked" in table for table in players)
    assert any("&lt;b&gt;barked" in table for table in players)
