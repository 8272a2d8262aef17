from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from runners.reporting.analysis import Analysis
from runners.reporting.contents import document
from runners.reporting.document import Document, Entry, Section, Table
from runners.reporting.markdown import as_markdown, escape
from runners.reporting.writing import write_report


@pytest.fixture(scope="module")
def folder(analysis: Analysis, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(document(analysis), tmp_path_factory.mktemp("report")).parent


def test_every_link_leads_to_a_file_when_written(folder: Path) -> None:
    text = (folder / "report.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert len([link for link in links if link.endswith(".svg")]) >= 4
    assert {"ranking.csv", "verdicts.csv", "effects.csv", "per_speaker.csv"} <= set(links)
    assert [link for link in links if not (folder / link).is_file()] == []


def test_every_row_has_as_many_fields_as_the_header_when_texts_have_bars(folder: Path) -> None:
    text = (folder / "report.md").read_text(encoding="utf-8")
    for table in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        rows = table.splitlines()
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1


def test_markup_is_shown_as_text_when_escaped(folder: Path) -> None:
    assert escape("a|b <b> *c* _d_\n\n# e") == r"a\|b \<b\> \*c\* \_d\_ \# e"
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert "<script" not in text.replace("\\<script", "")


def test_marks_stand_beside_the_number_when_there_are_any() -> None:
    table = Table("T", ("system", "n"), ((Entry("x"), Entry("0.5", "[0, 1]", "its own teacher", is_strong=True)),))
    page = Document("t", "s", (Section("a", "A", (), (table,)),), {})
    assert r"| x | **0.5** \[0, 1\] (its own teacher) |" in as_markdown(page, "figures")


def test_tables_hold_every_system_and_pair_when_read_back(folder: Path, analysis: Analysis) -> None:
    ranking = pd.read_csv(folder / "ranking.csv")
    assert set(ranking.groupby("metric")["system"].count()) == {4}
    assert list(ranking[ranking["metric"] == "wer"]["place"]) == [1, 2, 3, 4]
    verdicts = pd.read_csv(folder / "verdicts.csv")
    assert set(verdicts.groupby(["metric", "reach"])["system"].count()) == {3}
    effects = pd.read_csv(folder / "effects.csv", keep_default_na=False)
    assert set(effects[effects["context"] == ""].groupby(["metric", "axis"])["a"].count()) == {1}
    speakers = pd.read_csv(folder / "per_speaker.csv")
    assert len(speakers) == 4 * 3 * 2
    means = speakers.groupby(["metric", "system"])["value"].mean()
    for row in ranking.itertuples():
        assert means[row.metric, row.system] == pytest.approx(row.mean)


def test_report_is_the_same_when_made_again(analysis: Analysis, folder: Path, tmp_path: Path) -> None:
    again = write_report(document(analysis), tmp_path).parent
    for path in sorted(folder.rglob("*.*")):
        if path.suffix != ".html":  # an Ogg stream has a random serial number
            assert path.read_bytes() == (again / path.relative_to(folder)).read_bytes(), path.name
