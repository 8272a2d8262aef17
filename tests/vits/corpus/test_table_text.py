"""A table written in any dialect is read as what was written."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vits.corpus.folder import FolderCorpus
from vits.corpus.table_text import SEPARATORS, read_separated

Rows = list[tuple[str, str, str]]

letters = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"], exclude_characters="#|\ufeff")
words = st.text(letters, min_size=1, max_size=8)
texts = st.lists(words, min_size=1, max_size=6).map(" ".join)
speakers = st.sampled_from(["anna", "Ben B", "007"])
unquoted_texts = texts.map(lambda text: text.replace('""', '"'))


def rows_of(spoken: st.SearchStrategy[str]) -> st.SearchStrategy[Rows]:
    pairs = st.lists(st.tuples(speakers, spoken), min_size=1, max_size=6)
    return pairs.map(lambda pairs: [(f"takes/{number}.wav", *pair) for number, pair in enumerate(pairs)])


def read(table: str) -> Rows:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "metadata.csv").write_bytes(table.encode())
        clips = FolderCorpus(root=folder).read()
        return [(str(clip.path.relative_to(folder)), clip.speaker, clip.text) for clip in clips]


def written(rows: Rows, separator: str, quoting: int, ends: str, header: str) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=separator, quoting=quoting, lineterminator=ends)  # pyright: ignore[reportArgumentType]
    writer.writerows([header.split(), *rows])
    return file.getvalue()


@settings(max_examples=40)
@given(
    rows_of(texts),
    st.sampled_from(SEPARATORS),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["path speaker text", "audio_file speaker_name transcript", "FILE_NAME Speaker_ID Sentence"]),
)
def test_rows_are_the_same_when_csv_is_written(
    rows: Rows, separator: str, quoting: int, ends: str, header: str
) -> None:
    assert read(written(rows, separator, quoting, ends, header)) == rows


@settings(max_examples=40)
@given(rows_of(unquoted_texts), st.sampled_from(["|", "\t"]), st.sampled_from(["\n", "\r\n", "\r"]))
def test_rows_are_the_same_when_nothing_quotes(rows: Rows, separator: str, ends: str) -> None:
    lines = [separator.join(row) for row in [("path", "speaker", "text"), *rows]]
    assert read(ends.join(lines) + ends) == rows


@settings(max_examples=40)
@given(rows_of(texts), st.integers(0, 5))
def test_rows_are_the_same_when_comments_and_blank_lines_are_among_them(rows: Rows, place: int) -> None:
    lines = written(rows, ",", csv.QUOTE_MINIMAL, "\n", "path speaker text").splitlines(keepends=True)
    assert read("".join([*lines[:place], '# "retake" this, one\n', "  \n", *lines[place:]])) == rows


def test_line_numbers_are_those_of_the_file_when_a_field_has_several_lines(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('# a comment\npath,text\na,"One\n# two\nthree"\n\nb,Four\n')
    table = read_separated(tmp_path / "t.csv", ",")
    assert table.lines == [(2, ["path", "text"]), (3, ["a", "One # two three"]), (7, ["b", "Four"])]


def test_line_of_a_hash_is_a_row_when_such_a_recording_is_there(tmp_path: Path) -> None:
    (tmp_path / "#1.wav").touch()
    (tmp_path / "t.csv").write_text("path|text\n#1.wav|One\n#2.wav|Two\n")
    assert [fields for _, fields in read_separated(tmp_path / "t.csv", "|").lines[1:]] == [["#1.wav", "One"]]


@pytest.mark.parametrize("text", ['"has never been surpassed."', '"Go," she said.', 'He said "no', '"', "''"])
def test_quotation_marks_are_letters_when_nothing_shows_that_they_quote(text: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(f"path|speaker|text\na.wav|anna|{text}\nb.wav|anna|Plain.\n")
    assert read_separated(tmp_path / "t.csv", "|").lines[1][1][2] == text
