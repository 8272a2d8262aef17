from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vits.common.atomic_files import (
    content_key,
    copy_atomically,
    default_cache_dir,
    remove_old_leftovers,
    write_atomically,
)
from vits.common.errors import InputError


def test_folder_is_the_chosen_one_when_the_variable_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VOICEGRID_CACHE", str(tmp_path))
    assert default_cache_dir() == tmp_path
    monkeypatch.delenv("VOICEGRID_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache_dir() == tmp_path / "voicegrid"


@given(st.lists(st.binary(max_size=3), max_size=4), st.lists(st.binary(max_size=3), max_size=4))
def test_keys_are_equal_only_when_the_parts_are(first: list[bytes], second: list[bytes]) -> None:
    assert (content_key(first) == content_key(second)) == (first == second)


def test_only_the_whole_file_is_left_when_written(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b", b"one")
    write_atomically(tmp_path / "a" / "b", b"two")
    assert [path.read_bytes() for path in (tmp_path / "a").iterdir()] == [b"two"]


def test_error_says_what_to_set_when_the_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"can.t write to .*; make room or choose a writable folder"):
        write_atomically(tmp_path / "file" / "b", b"one")


def test_others_may_read_the_file_when_the_umask_lets_them(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_atomically(tmp_path / "atomic", b"one")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_copy_is_whole_or_not_there_when_copied(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    copy_atomically(tmp_path / "a", tmp_path / "b" / "c")
    assert [(path.name, path.read_bytes()) for path in (tmp_path / "b").iterdir()] == [("c", b"one")]
    with pytest.raises(InputError, match=r"can.t copy .*gone to .* \(No such file or directory\); make room there"):
        copy_atomically(tmp_path / "gone", tmp_path / "b" / "c")
    assert [path.read_bytes() for path in (tmp_path / "b").iterdir()] == [b"one"]


def test_old_leftovers_alone_are_removed_when_a_cache_is_used_again(tmp_path: Path) -> None:
    unfinished = "0123456789abcdef" * 2
    old = [f"phonemes/.a.json.{unfinished}", f"features/ab/.b.features.{unfinished}"]
    kept = [f"weights/.new.{unfinished}", "phonemes/a.json", "phonemes/.hidden", f"phonemes/c.{unfinished}"]
    for name in (*old, *kept):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        if "new" not in name:
            os.utime(path, (time.time() - 3600,) * 2)
    remove_old_leftovers(tmp_path)
    assert [name for name in old if (tmp_path / name).exists()] == []
    assert [name for name in kept if not (tmp_path / name).exists()] == []
    remove_old_leftovers(tmp_path / "not there yet")
