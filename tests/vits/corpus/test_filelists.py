from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from vits.common.errors import InputError
from vits.corpus.filelists import FilelistsCorpus


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """Two speakers with twelve training sentences each, and one clip in either of the other lists."""
    rows = [f"D/p{s}/p{s}_{i:03}.wav|{s}|sˈɛntəns {'ab'[s]} {'i' * i}." for s in (0, 1) for i in range(1, 13)]
    held = {"finetune_val": "D/p0/p0_100.wav|0|vˈæl.", "finetune_test": "D/p1/p1_101.wav|1|tˈɛst."}
    for name, content in {"finetune_train": "\n".join(rows), **held}.items():
        (tmp_path / f"{name}.txt").write_text(content + "\n", encoding="utf-8")
    for line in [*rows, *held.values()]:
        wav = tmp_path / line.split("|")[0]
        wav.parent.mkdir(parents=True, exist_ok=True)
        wav.touch()
    names = [Path(line.split("|")[0]).stem for line in [*rows, *held.values()]]
    table = "".join(f"{name}\tText of\t{name}.\n" for name in names)
    (tmp_path / "transcripts.tsv").write_text(table, encoding="utf-8")
    return tmp_path


def test_lists_are_the_splits_when_read(lists: Path) -> None:
    clips = FilelistsCorpus(root=str(lists), filelists=str(lists), test=0).clips()
    assert Counter(clip.split for clip in clips) == {"train": 24, "validation": 1, "homework": 1}
    first = clips[0]
    assert (first.name, first.speaker, first.phonemes, first.text) == (
        "D/p0/p0_001",
        "0",
        "sˈɛntəns a i.",
        "",
    )
    assert first.path == lists / "D/p0/p0_001.wav"


def test_larger_test_set_is_held_out_when_asked_for(lists: Path) -> None:
    clips = FilelistsCorpus(root=str(lists), filelists=str(lists), test=3).clips()
    tested = Counter(clip.speaker for clip in clips if clip.split == "test")
    assert tested == {"0": 3, "1": 3}
    assert Counter(clip.split for clip in clips) == {"train": 18, "test": 6, "validation": 1, "homework": 1}


def test_texts_are_the_spellings_when_a_table_is_given(lists: Path) -> None:
    corpus = FilelistsCorpus(root=str(lists), filelists=str(lists), transcripts="transcripts.tsv")
    assert corpus.clips()[0].text == "Text of p0_001."


def test_error_names_and_counts_when_spellings_are_missing(lists: Path) -> None:
    (lists / "transcripts.tsv").write_text("p0_001\tOne.\n")
    corpus = FilelistsCorpus(root=str(lists), filelists=str(lists), transcripts="transcripts.tsv")
    with pytest.raises(InputError, match=r"has no text for 25 of 26 utterances: p0_002, .*, \.\.\.; add lines"):
        corpus.clips()


@pytest.mark.parametrize("line", ["D/a.wav|1", "D/a.wav|1|a|b", "D/a.wav||a", "D/a.wav|1|"])
def test_error_names_file_and_line_when_a_list_is_malformed(lists: Path, line: str) -> None:
    (lists / "finetune_val.txt").write_text(f"\n{line}\n")
    with pytest.raises(InputError, match=r"finetune_val\.txt:2: .* isn't `wav path\|speaker number\|IPA`"):
        FilelistsCorpus(root=str(lists), filelists=str(lists)).clips()


def test_error_names_file_and_line_when_the_table_is_malformed(lists: Path) -> None:
    (lists / "transcripts.tsv").write_text("p0_001 One.\n")
    with pytest.raises(InputError, match=r"transcripts\.tsv:1: .* isn't `id<TAB>text`"):
        FilelistsCorpus(root=str(lists), filelists=str(lists), transcripts="transcripts.tsv").clips()


def test_error_names_the_list_when_it_is_missing(lists: Path) -> None:
    with pytest.raises(InputError, match=r"there is no file .*base_train\.txt"):
        FilelistsCorpus(root=str(lists), filelists=str(lists), train_list="base_train.txt").clips()
