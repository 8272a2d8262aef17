from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vits.common.errors import InputError
from vits.corpus.clip import Clip, in_split
from vits.corpus.folder import FolderCorpus
from vits.corpus.roots import project_root, resolve_folder

WriteTable = Callable[[str], FolderCorpus]


@pytest.fixture
def with_table(tmp_path: Path) -> WriteTable:
    """The corpus of a table, with a file for each of its paths."""

    def write(table: str) -> FolderCorpus:
        (tmp_path / "metadata.csv").write_bytes(table.encode())
        for line in table.splitlines()[1:]:
            (tmp_path / line.split("|")[0].strip()).touch()
        return FolderCorpus(root=str(tmp_path))

    return write


def test_fields_are_read_as_they_stand_when_the_table_is_well_formed(with_table: WriteTable, tmp_path: Path) -> None:
    corpus = with_table(
        'path|speaker|text|split|phonemes|voice\na.wav|040|He said "no|val||x\n\nb.opus|040|Grüße, "you"|mine|ɡɹ|\n'
    )
    assert corpus.clips() == [
        Clip(tmp_path / "a.wav", "040", 'He said "no', "a", None, "validation"),
        Clip(tmp_path / "b.opus", "040", 'Grüße, "you"', "b", "ɡɹ", "mine"),
    ]


def test_bom_and_crlf_are_accepted_when_a_spreadsheet_wrote_the_table(with_table: WriteTable) -> None:
    clips = with_table("\ufeffpath|speaker|text|split\r\na.wav|1|one|train\r\n").clips()
    assert [(clip.text, clip.split) for clip in clips] == [("one", "train")]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            "pfad|text\na.wav|one\n",
            r"metadata\.csv:1: the header is 'pfad\|text'; it must name a path, a text and",
        ),
        ("path|speaker|text|text\na.wav|1|a|b\n", r"metadata\.csv:1: the header is"),
        ("", r"metadata\.csv:1: the header is ''"),
        ("path|speaker|text\n", r"metadata\.csv lists no clips"),
        (
            "path|speaker|text\na.wav|1|one\nb.wav|1|a|b\n",
            r"metadata\.csv:3: 4 fields where the header has 3",
        ),
        ("path|speaker|text\n\na.wav|1\n", r"metadata\.csv:3: 2 fields"),
        ("path|speaker|text\na.wav||one\n", r"metadata\.csv:2: the speaker is empty"),
        ("path|speaker|text\na.wav|1| \n", r"metadata\.csv:2: the text is empty"),
        ("path|speaker|text\na.wav|1|one\na.wav|1|two\n", r"metadata\.csv lists a 2 times"),
        ("path|speaker|text\na.wav|1|one\na.opus|1|one\n", r"metadata\.csv lists a 2 times"),
    ],
)
def test_error_names_file_and_line_when_the_table_is_malformed(
    with_table: WriteTable, table: str, message: str
) -> None:
    with pytest.raises(InputError, match=message) as error:
        with_table(table).clips()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("path", ["/etc/a.wav", "../a.wav"])
def test_error_names_the_path_when_it_leaves_the_folder(tmp_path: Path, path: str) -> None:
    (tmp_path / "metadata.csv").write_text(f"path|speaker|text\n{path}|1|one\n")
    with pytest.raises(InputError, match=r"metadata\.csv:2: .* isn't below"):
        FolderCorpus(root=str(tmp_path)).clips()


def test_error_names_the_line_when_the_table_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_bytes("path|speaker|text\na.wav|1|Grüße\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"metadata\.csv:2: not UTF-8"):
        FolderCorpus(root=str(tmp_path)).clips()


def test_error_names_five_and_counts_all_when_audio_is_missing(tmp_path: Path) -> None:
    rows = "".join(f"{i}.wav|1|sentence {i}\n" for i in range(7))
    (tmp_path / "metadata.csv").write_text("path|speaker|text\n" + rows)
    with pytest.raises(
        InputError, match=r"7 of 7 audio files are missing: .*0\.wav, .*4\.wav, \.\.\.; correct"
    ) as error:
        FolderCorpus(root=str(tmp_path)).clips()
    assert "5.wav" not in str(error.value)


def test_error_says_where_it_looked_when_there_is_no_folder() -> None:
    with pytest.raises(InputError, match=r"there is no folder 'no/such' \(looked at .*/no/such\)"):
        FolderCorpus(root="no/such").clips()


def test_error_names_the_table_when_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no corpus in .*metadata\.csv with a header"):
        FolderCorpus(root=str(tmp_path)).clips()


def test_some_speakers_remain_when_chosen(with_table: WriteTable, tmp_path: Path) -> None:
    with_table("path|speaker|text|split\na.wav|1|one|train\nb.wav|2|two|train\n")
    assert [clip.speaker for clip in FolderCorpus(root=str(tmp_path), speakers=["2"]).clips()] == ["2"]
    with pytest.raises(InputError, match=r"no such speaker .*: 3; choose from 1, 2"):
        FolderCorpus(root=str(tmp_path), speakers=["3"]).clips()
    with pytest.raises(InputError, match=r"no such speaker .*: \(none\); choose from 1, 2"):
        FolderCorpus(root=str(tmp_path), speakers=[]).clips()


def test_missing_audio_is_allowed_when_its_speaker_is_not_chosen(with_table: WriteTable, tmp_path: Path) -> None:
    with_table("path|speaker|text|split\na.wav|1|one|train\nb.wav|2|two|train\n")
    (tmp_path / "a.wav").unlink()
    assert len(FolderCorpus(root=str(tmp_path), speakers=["2"]).clips()) == 1


def test_splits_are_made_when_the_table_has_none(with_table: WriteTable) -> None:
    rows = "".join(f"{i}.wav|1|sentence {i}\n" for i in range(6))
    clips = with_table("path|speaker|text\n" + rows).clips()
    assert sorted(str(clip.split) for clip in clips) == [
        "test",
        "test",
        "train",
        "train",
        "train",
        "validation",
    ]


def test_error_names_a_clip_when_only_some_have_a_split(with_table: WriteTable) -> None:
    corpus = with_table("path|speaker|text|split\na.wav|1|one|train\nb.wav|1|two|\n")
    with pytest.raises(InputError, match=r"1 of the 2 clips .* have no split, first b; give all of them one, or none"):
        corpus.clips()


def test_error_lists_the_splits_when_one_is_absent(with_table: WriteTable) -> None:
    clips = with_table("path|speaker|text|split\na.wav|1|one|train\nb.wav|1|two|val\n").clips()
    assert [clip.name for clip in in_split(clips, "validation")] == ["b"]
    with pytest.raises(InputError, match="no clip is in the split 'test'; choose one of train, validation"):
        in_split(clips, "test")


def test_current_directory_comes_first_when_a_folder_is_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolve_folder("conf") == project_root() / "conf"
    (tmp_path / "conf").mkdir()
    assert resolve_folder("conf") == tmp_path / "conf"
