"""What a cache gives back is what was put into it, or nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vits.common.kept_files import keep, keep_json, kept, kept_json

CONTENT = b"a wave and its spectrogram" * 40


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "features" / "a"


@pytest.mark.parametrize("content", [b"", b"x", CONTENT, os.urandom(5000)])
def test_content_is_the_same_when_kept(content: bytes, path: Path) -> None:
    keep(path, content)
    assert kept(path) == content


@given(bit=st.integers(0, 8 * (len(CONTENT) + 15) - 1))
def test_content_is_gone_when_any_bit_is_flipped(bit: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("cache") / "a"
    keep(path, CONTENT)
    stored = bytearray(path.read_bytes())
    stored[bit // 8] ^= 1 << bit % 8
    path.write_bytes(stored)
    assert kept(path) is None


@pytest.mark.parametrize(
    "damage", ["empty", "cut", "cut to the mark", "garbage", "longer", "missing", "folder", "loop"]
)
def test_content_is_gone_when_the_file_is_damaged(damage: str, path: Path) -> None:
    keep(path, CONTENT)
    stored = path.read_bytes()
    changed = {"empty": b"", "cut": stored[:-20], "cut to the mark": stored[-15:], "garbage": os.urandom(900)}
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage == "loop":
        path.symlink_to(path)
    elif damage != "missing":
        path.write_bytes(changed.get(damage, stored + b" "))
    assert kept(path) is None


def test_value_is_gone_when_it_has_another_shape(path: Path) -> None:
    keep_json(path, ["ä", "b"])
    assert kept_json(path, list[str]) == ["ä", "b"]
    assert kept_json(path, list[int]) is None
    assert kept_json(path, dict[str, str]) is None
    keep(path, b"{no json")
    assert kept_json(path, list[str]) is None


def test_nothing_is_kept_when_there_is_a_pipe_in_the_files_place(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "kept.json")  # which nobody writes to, so that opening it would wait for ever
    assert kept(tmp_path / "kept.json") is None


def test_folder_in_a_files_place_stays_when_something_is_kept(tmp_path: Path) -> None:
    (tmp_path / "kept.json" / "inner").mkdir(parents=True)
    keep(tmp_path / "kept.json", b"content")
    assert (tmp_path / "kept.json" / "inner").is_dir()
    assert kept(tmp_path / "kept.json") is None
