"""Every kind of damage to every kind of file is an error in one line that names the file."""

from __future__ import annotations

import codecs
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vits.common.errors import InputError
from vits.common.readers import decode_text, is_file, read_bytes, read_json, read_table, read_text, read_yaml

Reader = Callable[[Path], object]


class Record(TypedDict):
    status: str
    epochs: int


def records(path: Path) -> object:
    return read_json(path, list[Record])


def mapping(path: Path) -> object:
    return read_yaml(path, dict[str, Any])


def scores(path: Path) -> object:
    return read_table(path, {"speaker": str, "epoch": int, "value": float})


READERS: dict[str, Reader] = {"text": read_text, "json": records, "yaml": mapping, "table": scores}
WHOLE = {
    "text": "Grüße.\n",
    "json": '[{"status": "finished", "epochs": 3}]',
    "yaml": "a: {b: 1e-4}\n",
    "table": "epoch,speaker,value\n1,NA,0.5\n",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "given.file"


def refusal(read: Reader, path: Path) -> str:
    """The error's message, which is one line that names the file."""
    with pytest.raises(InputError) as error:
        read(path)
    message = str(error.value)
    assert "\n" not in message
    assert message.isprintable()
    assert "given.file" in message
    return message


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_file_is_read_when_it_is_whole(kind: str, mark: bytes, path: Path) -> None:
    path.write_bytes(WHOLE[kind].encode())
    plain = READERS[kind](path)
    path.write_bytes(mark + WHOLE[kind].encode())
    assert str(READERS[kind](path)) == str(plain)


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("latin-1", "Latin-1"),
        ("cp1252", "Latin-1"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-32", "UTF-32"),
    ],
)
def test_encoding_is_named_when_it_is_another(kind: str, encoding: str, named: str, path: Path) -> None:
    path.write_bytes((WHOLE[kind] + "Grüße").encode(encoding))
    message = refusal(READERS[kind], path)
    assert f"not UTF-8 but {named}" in message
    assert message.endswith("save it as UTF-8")


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("place", ["missing", "folder", "pipe", "below a file", "too long", "nul", "loop"])
def test_place_is_named_when_there_is_no_such_file(kind: str, place: str, path: Path) -> None:
    if place == "folder":
        path.mkdir()
    elif place == "pipe":
        os.mkfifo(path)
    elif place == "below a file":
        path.touch()
        path = path / "given.file"
    elif place == "too long":
        path = path.with_name("given.file" + "x" * 250)
    elif place == "nul":
        path = path.with_name("given.file\0")
    elif place == "loop":
        path.symlink_to(path)
    refusal(READERS[kind], path)
    assert not is_file(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
@pytest.mark.parametrize("kind", READERS)
def test_permission_is_named_when_it_is_missing(kind: str, path: Path) -> None:
    path.write_text(WHOLE[kind])
    path.chmod(0)
    assert "may not be read" in refusal(READERS[kind], path)


@pytest.mark.parametrize("kind", ["json", "yaml", "table"])
@pytest.mark.parametrize("damage", [b"", b" \n", os.urandom(300), b"\x00" * 50, b"\x1b[31mred", b"[1, 2", b'"'])
def test_file_is_refused_when_it_is_garbage(kind: str, damage: bytes, path: Path) -> None:
    path.write_bytes(damage)
    assert refusal(READERS[kind], path)


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        "1" * 5000,
        "null",
        "{}",
        "[{}]",
        '[{"status": 1, "epochs": 3}]',
        '[{"status": "a", "epochs": true}]',
        '[{"status": "a", "epochs": 1.5}]',
        '[{"status": "\\ud800", "epochs": 1}]',
        '[{"status": "a", "epochs": 3}',
        "[7]",
    ],
)
def test_json_is_refused_when_it_has_another_shape(content: str, path: Path) -> None:
    path.write_text(content)
    assert refusal(records, path)


@pytest.mark.parametrize(
    "content",
    [
        "a: &x [1]\nb: *x",
        "a: !!python/object/apply:os.system [ls]",
        "a: !!python/name:os.system",
        "a: {{{{}}}}" + "[" * 5000,
        "[" * 40 + "]" * 40,
        "a: 1\na: 2",
        "? [a]\n: 1",
        "- a",
        "just text",
        "1: 2",
        "a: !!int x",
        "a: 1\n b: 2",
        "--- 1\n--- 2",
    ],
)
def test_yaml_is_refused_when_it_is_unsafe_or_another_shape(content: str, path: Path) -> None:
    path.write_text(content)
    assert refusal(mapping, path)


def test_yaml_numbers_are_those_of_hydra_when_read(path: Path) -> None:
    path.write_text("a: 1e-4\nb: 2\nc: 2024-01-01\nd: 1.5E+3\ne: '1e3'\nf: null\ng: true\n")
    expected = {"a": 1e-4, "b": 2, "c": "2024-01-01", "d": 1500.0, "e": "1e3", "f": None, "g": True}
    assert read_yaml(path, dict[str, Any]) == expected


@pytest.mark.parametrize(
    "name", ["NA", "nan", "None", "null", "1e5", "007", "1.0", "True", "", " x ", 'a"b', "a,b", "-"]
)
def test_names_are_text_when_a_table_is_read(name: str, path: Path) -> None:
    import pandas as pd

    pd.DataFrame({"epoch": [1], "speaker": [name], "value": [math.nan]}).to_csv(path, index=False, na_rep="nan")
    table = read_table(path, {"speaker": str, "epoch": int, "value": float})
    assert table["speaker"].tolist() == [name]
    assert table["epoch"].tolist() == [1]
    assert math.isnan(table["value"].iloc[0])


def test_columns_have_their_types_when_a_table_has_no_rows(path: Path) -> None:
    path.write_text("speaker,epoch,value,more\n")
    table = read_table(path, {"speaker": str, "epoch": int, "value": float})
    assert table.dtypes.astype(str).to_dict() == {
        "speaker": "object",
        "epoch": "int64",
        "value": "float64",
        "more": "object",
    }


@pytest.mark.parametrize(
    "content",
    [
        "epoch,speaker\n1,a\n",
        "epoch,speaker,value,value\n1,a,1,1\n",
        "epoch,speaker,value\n1,a\n",
        "epoch,speaker,value\n1,a,1,2\n",
        "epoch,speaker,value\n1.5,a,1\n",
        "epoch,speaker,value\nnan,a,1\n",
        "epoch,speaker,value\n1,a,half\n",
        "epoch,speaker,value\n1,a,1_0\n",
        "epoch,speaker,value\n1,a,1+2j\n",
        "epoch,speaker,value\n99999999999999999999,a,1\n",
        'epoch,speaker,value\n1,"a,1\n',
        "epoch;speaker;value\n1;a;1\n",
        "epoch,speaker,value\n1,a,1\n2,b",
    ],
)
def test_table_is_refused_when_it_has_another_shape(content: str, path: Path) -> None:
    path.write_text(content)
    assert refusal(scores, path)


def test_bytes_are_refused_when_there_are_too_many(path: Path) -> None:
    path.write_bytes(b"x" * 11)
    assert read_bytes(path, largest_bytes=11) == b"x" * 11
    with pytest.raises(InputError, match="at most"):
        read_bytes(path, largest_bytes=10)


@given(st.binary(max_size=200))
def test_bytes_become_text_or_one_line_when_they_are_anything(content: bytes) -> None:
    try:
        text = decode_text(content, "stdin")
    except InputError as error:
        refused = str(error)
    else:
        refused = None
        assert text.encode() == content.removeprefix(codecs.BOM_UTF8)
    assert refused is None or (refused.startswith("stdin:") and refused.isprintable())
