"""What may be read in two ways is refused with both, and read once somebody says which."""

from __future__ import annotations

from pathlib import Path

import pytest

from vits.common.errors import InputError
from vits.corpus.folder import FolderCorpus

SENTENCES = ("The moon rose.", "A recipe calls for sugar.", "Our neighbours grow plums.")


def write(folder: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")


def corpus_of(
    folder: Path, layout: str | None = None, table: str | None = None, audio: str | None = None
) -> FolderCorpus:
    return FolderCorpus(root=str(folder), layout=layout, table=table, audio=audio)


def refusal(folder: Path, **settings: str) -> str:
    with pytest.raises(InputError) as error:
        corpus_of(folder, **settings).clips()
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 1000
    return str(error.value)


def said(folder: Path, **settings: str) -> list[tuple[str, str]]:
    return [(clip.speaker, clip.text) for clip in corpus_of(folder, **settings).read()]


def test_second_column_may_be_speaker_or_text_when_each_comes_once(tmp_path: Path) -> None:
    write(tmp_path, {f"{n}.wav": "" for n in range(3)})
    names = ("anna", "ben", "cara")
    lines = [f"{n}|{name}|{text}" for n, (name, text) in enumerate(zip(names, SENTENCES, strict=True))]
    write(tmp_path, {"metadata.csv": "\n".join(lines)})
    message = refusal(tmp_path)
    assert "id|text|normalised, as LJSpeech" in message
    assert "id|speaker|text, as Piper" in message
    assert said(tmp_path, layout="piper") == list(zip(names, SENTENCES, strict=True))
    assert said(tmp_path, layout="ljspeech") == [(tmp_path.name, text) for text in SENTENCES]
    assert "data.layout='pieper' isn't known; choose from beside, common_voice" in refusal(tmp_path, layout="pieper")


def test_table_may_be_that_of_all_or_of_a_split_when_both_are_there(tmp_path: Path) -> None:
    header = "path|speaker|text\n"
    write(tmp_path, {"metadata.csv": f"{header}a.wav|1|One.", "train.csv": f"{header}b.wav|1|Two.", "dev.csv": header})
    assert "may be read from metadata.csv or from train.csv and dev.csv; name one with data.table" in refusal(tmp_path)
    assert said(tmp_path, table="train.csv") == [("1", "Two.")]


def test_table_of_a_split_is_refused_when_there_are_two(tmp_path: Path) -> None:
    write(tmp_path, dict.fromkeys(("train.csv", "dev.csv", "val.csv"), "path|speaker|text\na.wav|1|One."))
    assert "has two tables for validation, dev.csv and val.csv" in refusal(tmp_path)


def test_folder_may_be_vctk_or_a_table_when_it_has_both(tmp_path: Path) -> None:
    write(tmp_path, {"wav48/p1/p1_001.wav": "", "txt/p1/p1_001.txt": "One.", "metadata.csv": "path|text\na.wav|Two."})
    message = refusal(tmp_path)
    assert "data.layout=vctk" in message
    assert "data.layout=table" in message
    assert said(tmp_path, layout="vctk") == [("p1", "One.")]


def test_recordings_may_be_in_two_folders_when_vctk_has_both(tmp_path: Path) -> None:
    for folder in ("wav48", "wav48_silence_trimmed"):
        write(tmp_path, {f"{folder}/p1/p1_001.wav": ""})
    write(tmp_path, {"txt/p1/p1_001.txt": "One."})
    assert "may be in wav48_silence_trimmed or wav48; name their folder with data.audio" in refusal(tmp_path)
    assert said(tmp_path, audio="wav48") == [("p1", "One.")]


def test_folders_may_be_voices_when_no_speakers_are_named(tmp_path: Path) -> None:
    write(tmp_path, {"anna/a.wav": "", "ben/b.wav": "", "metadata.csv": "path,text\nanna/a.wav,One.\nben/b.wav,Two.\n"})
    assert "all may be one voice, or each folder one; add a column speaker" in refusal(tmp_path)


def test_column_may_be_either_when_two_mean_the_same(tmp_path: Path) -> None:
    write(tmp_path, {"metadata.csv": "file,audio,text\na.wav,b.wav,One.\n"})
    assert "the path may be the column 'file' or 'audio'; call the right one path" in refusal(tmp_path)
    write(tmp_path, {"metadata.csv": "path,audio,text\na.wav,b.wav,One.\n"})
    assert said(tmp_path) == [(tmp_path.name, "One.")]


def test_columns_are_refused_when_they_differ_in_case_alone(tmp_path: Path) -> None:
    write(tmp_path, {"metadata.csv": "path|Text|TEXT\na.wav|One.|Two.\n"})
    assert "with 'text' more than once (in any case)" in refusal(tmp_path)


def test_separator_may_be_either_when_no_header_tells(tmp_path: Path) -> None:
    write(tmp_path, {"metadata.csv": "a;one, two\nb;three, four\n"})
    message = refusal(tmp_path)
    assert "may be separated by semicolons or by commas; give it a header, such as path;speaker;text" in message


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.wav": ""}, "there is no corpus in"),
        ({"metadata.csv": "a.wav|x|y|z\n"}, "metadata.csv:1: the header is 'a.wav|x|y|z'; it must name a path"),
        ({"metadata.csv": "path,speaker,text\na,1,One, two\n"}, "metadata.csv:2: 4 fields where the header has 3"),
        ({"metadata.csv": "path|speaker|text\n# a.wav|1|One.\n"}, "lists no clips"),
        ({"metadata.csv": 'path,speaker,text\n"a|b",1,One.\n'}, "the path 'a|b' has a |, which separates columns"),
        ({"metadata.csv": 'path,speaker,text\na,"x|y",One.\n'}, "the speaker 'x|y' has a |, which separates columns"),
        ({"metadata.csv": 'path|text\na|"Go, ""Anna""."\nb|Go "on\n'}, "line 2 has fields in quotes with quotation"),
        ({"txt/p1/p1_001.txt": "", "wav48/p1/p1_001.wav": ""}, "p1_001.txt: the text is empty"),
        ({"txt/p1/a.md": "", "wav48/p1/p1_001.wav": ""}, "lists no clips"),
    ],
)
def test_folder_is_refused_when_nothing_can_be_made_of_it(files: dict[str, str], message: str, tmp_path: Path) -> None:
    write(tmp_path, files)
    assert message in refusal(tmp_path)


def test_named_table_is_refused_when_it_is_not_there(tmp_path: Path) -> None:
    assert "there is no file" in refusal(tmp_path, table="list.csv")
    assert "has no metadata.csv" in refusal(tmp_path, layout="piper")
    assert "there is no folder 'nowhere'" in refusal(tmp_path, audio="nowhere")
