"""Where a path in somebody's table leads: never out of the folder of the recordings."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vits.common.errors import InputError
from vits.corpus.audio_files import SUFFIXES, AudioFiles
from vits.corpus.folder import FolderCorpus


def files_of(folder: Path, *names: str) -> AudioFiles:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return AudioFiles(folder)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("wavs/a.wav", "wavs/a.wav"),
        ("a", "wavs/a.wav"),
        ("a.wav", "wavs/a.wav"),
        ("b/c", "b/c.flac"),
        ("b\\c.flac", "b/c.flac"),
        ("C:\\Users\\Anna\\voices\\b\\c.flac", "b/c.flac"),
        ("D:/wavs/a", "wavs/a.wav"),
        ("/home/anna/voices/wavs/a.wav", "wavs/a.wav"),
        ("/home/anna/voices/a.wav", "wavs/a.wav"),
        ("d.2", "d.2.opus"),
        ("missing.wav", "missing.wav"),
    ],
)
def test_recording_is_found_when_its_path_is_of_another_machine(written: str, found: str, tmp_path: Path) -> None:
    files = files_of(tmp_path, "wavs/a.wav", "b/c.flac", "d.2.opus")
    assert files.find(written, "t.csv:2") == PurePosixPath(found)


def test_recording_is_found_when_its_path_is_absolute_and_right(tmp_path: Path) -> None:
    files = files_of(tmp_path / "voices", "wavs/a.wav")
    assert files.find(str(tmp_path / "voices" / "wavs" / "a"), "t.csv:2") == PurePosixPath("wavs/a.wav")


def test_recordings_are_read_from_elsewhere_when_their_folder_is_named(tmp_path: Path) -> None:
    files_of(tmp_path / "elsewhere", "anna/a.wav")
    (tmp_path / "voices").mkdir()
    path = tmp_path / "elsewhere" / "anna" / "a.wav"
    (tmp_path / "voices" / "metadata.csv").write_text(f"path|speaker|text\n{path}|anna|One.\n")
    with pytest.raises(InputError, match=r"metadata.csv:2: .*a.wav' isn't below .*set data.audio to the folder that"):
        FolderCorpus(root=str(tmp_path / "voices")).read()
    (clip,) = FolderCorpus(root=str(tmp_path / "voices"), audio=str(tmp_path / "elsewhere")).read()
    assert (clip.path, clip.name) == (path, "anna/a")


@pytest.mark.parametrize(
    "written", ["../a.wav", "x/../../a.wav", "..\\a.wav", "C:\\..\\a.wav", "/etc/passwd", "/", "."]
)
def test_path_is_refused_when_it_leads_elsewhere(written: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"t.csv:2: .* isn't below"):
        files_of(tmp_path, "a.wav").find(written, "t.csv:2")


def test_path_is_refused_when_it_may_mean_two_recordings(tmp_path: Path) -> None:
    files = files_of(tmp_path / "voices", "a.wav", "a.flac", "wavs/b.wav", "clips/b.wav", "c.wav")
    with pytest.raises(InputError, match=r"'a' may be 'a.wav' or 'a.flac'"):
        files.find("a", "t.csv:2")
    with pytest.raises(InputError, match=r"'b.wav' may be 'wavs/b.wav' or 'clips/b.wav'"):
        files.find("b.wav", "t.csv:2")
    (tmp_path / "c.wav").touch()
    with pytest.raises(InputError, match=r"c.wav' may be that file or 'c.wav' in"):
        files.find(str(tmp_path / "c.wav"), "t.csv:2")


parts = st.lists(st.sampled_from(["..", ".", "a", "wavs", "C:", "etc", "~", " ", "\0", "a.wav", "x" * 300]), max_size=6)


@given(parts, st.sampled_from(["/", "\\", "//"]), st.sampled_from(["", "/", "\\", "C:", "C:\\", "\\\\host\\"]))
def test_what_is_found_is_below_the_folder_whatever_is_written(pieces: list[str], separator: str, start: str) -> None:
    files = AudioFiles(Path(__file__).parent)
    try:
        found = files.find(start + separator.join(pieces), "t.csv:2")
    except InputError:
        return
    assert not found.is_absolute()
    assert ".." not in found.parts
    assert found.name


@given(st.sampled_from(SUFFIXES), st.sampled_from(["", "wavs", "wav", "clips", "audio"]), st.booleans(), st.booleans())
def test_recording_is_found_however_it_is_written(
    suffix: str, below: str, with_suffix: bool, with_folder: bool
) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        path = PurePosixPath(below) / f"take 1{suffix}"
        files = files_of(Path(name), str(path))
        written = path if with_folder else PurePosixPath(path.name)
        assert files.find(str(written if with_suffix else written.with_suffix("")), "t.csv:2") == path
