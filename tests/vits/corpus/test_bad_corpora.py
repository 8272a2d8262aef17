"""What is wrong with a corpus from anybody is said in one line, and nothing that looks alike gets in twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vits.common.errors import InputError
from vits.corpus.corpus import Corpus
from vits.corpus.filelists import FilelistsCorpus
from vits.corpus.folder import FolderCorpus
from vits.corpus.roots import resolve_folder

ROW = "path|speaker|text|split\n"


def folder_with(tmp_path: Path, rows: str) -> FolderCorpus:
    (tmp_path / "metadata.csv").write_bytes(rows.encode("utf-8", "surrogatepass"))
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.wav").touch()
    return FolderCorpus(root=str(tmp_path))


def refusal(corpus: Corpus) -> str:
    with pytest.raises(InputError) as error:
        corpus.clips()
    assert str(error.value).isprintable()
    return str(error.value)


@pytest.mark.parametrize(
    ("first", "second"), [("Zoë", "Zoë\u200b"), ("anna", "ANNA"), ("an na", "an  na"), ("anna", "anna\u2060")]
)
def test_speakers_are_refused_when_they_look_alike(first: str, second: str, tmp_path: Path) -> None:
    message = refusal(folder_with(tmp_path, f"{ROW}a.wav|{first}|One.|train\nb.wav|{second}|Two.|train\n"))
    assert ascii(first) in message
    assert ascii(second) in message


def test_speakers_are_one_when_only_the_unicode_form_differs(tmp_path: Path) -> None:
    corpus = folder_with(tmp_path, f"{ROW}a.wav|Zo\u00eb|One.|train\nb.wav|Zoe\u0308|Two.|train\n")
    assert {clip.speaker for clip in corpus.clips()} == {"Zo\u00eb"}
    chosen = FolderCorpus(root=str(tmp_path), speakers=["Zoe\u0308"])
    assert len(chosen.clips()) == 2


@pytest.mark.parametrize("speaker", ["NA", "nan", "1e5", "007", "[bold]x", "null", "a/b", "..", "-", "'", "漢"])
def test_speaker_is_kept_when_its_name_is_unusual(speaker: str, tmp_path: Path) -> None:
    assert [clip.speaker for clip in folder_with(tmp_path, f"{ROW}a.wav|{speaker}|One.|train\n").clips()] == [speaker]


@pytest.mark.parametrize(
    "rows",
    [
        "a.wav|an\x1b[31mna|One.|train",
        "a.wav|\u200b|One.|train",
        "a\x07.wav|anna|One.|train",
        "a.wav|anna|One.|../../x",
        "a.wav|anna|One.|..",
        "a.wav|anna|One.|[bold]",
        ".|anna|One.|train",
        "./|anna|One.|train",
        "x" * 300 + ".wav|anna|One.|train",
        "x/" * 3000 + ".wav|anna|One.|train",
        "a.wav/b.wav|anna|One.|train",
        "a.wav|anna|" + "One|" * 5000,
        "a.wav|anna|One.\0|train",
        "a.wav|anna|\ud800|train",
    ],
)
def test_row_is_refused_when_nothing_can_be_made_of_it(rows: str, tmp_path: Path) -> None:
    assert len(refusal(folder_with(tmp_path, f"{ROW}{rows}\n"))) < 1000


@pytest.mark.parametrize(
    "content", [os.urandom(500), b"\xff\xfep\0a\0", "path|speaker|text\nü".encode("latin-1"), b"\0"]
)
@pytest.mark.parametrize("name", ["finetune_train.txt", "transcripts.tsv"])
def test_lists_are_refused_when_they_are_no_text(name: str, content: bytes, tmp_path: Path) -> None:
    for each in ("finetune_train.txt", "finetune_val.txt", "finetune_test.txt"):
        (tmp_path / each).write_text(f"D/{each[9:]}.wav|1|jˈɛs.\n")
    (tmp_path / name).write_bytes(content)
    assert name in refusal(FilelistsCorpus(root=str(tmp_path), filelists=str(tmp_path), transcripts="transcripts.tsv"))


@pytest.mark.parametrize("folder", ["", "~nobody-of-that-name/x", "a\0b", "x" * 5000, "a\nb", "\x1b[31m"])
def test_folder_is_refused_when_it_can_be_none(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if folder == "":
        assert resolve_folder(folder) == tmp_path
        return
    with pytest.raises(InputError, match="there is no folder") as error:
        resolve_folder(folder)
    assert str(error.value).isprintable()
