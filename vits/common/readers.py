"""Files from anybody, one reader for each kind: what can't be used is an error in one line.

Missing, without permission, a folder, a pipe, too large, empty, truncated, garbage, in another encoding or of another
shape: whatever is wrong with a file is said with its path and with what to do.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

import yaml

from vits.common.bounded_yaml import BoundedLoader
from vits.common.errors import InputError
from vits.common.names import shown
from vits.common.regular_files import open_regular
from vits.common.shapes import mismatch

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

LARGEST_TEXT_BYTES = 256 * 2**20
LARGEST_YAML_BYTES = 2**20
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|nan|inf|infinity)\s*", re.IGNORECASE)


def is_file(path: Path) -> bool:
    """Whether there is a file, also where looking is forbidden or the path can't exist (too long, a NUL in it)."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """The same for a folder."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def read_bytes(path: Path, largest_bytes: int | None = None) -> bytes:
    """The content of a file.

    Raises:
        InputError: it is missing, a folder or a device, may not be read, or is larger than allowed.
    """
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if largest_bytes is not None and size > largest_bytes:
            raise InputError(
                f"{shown_path(path)} has {size / 1e6:.0f} MB and at most {largest_bytes / 1e6:.0f} MB are read; "
                "give the right file"
            )
        return file.read()


def check_readable(path: Path) -> None:
    """A file is there and may be read.

    Raises:
        InputError: it is missing, a folder or a device, or may not be read.
    """
    _opened(path).close()


def _opened(path: Path) -> io.BufferedReader:
    """The file, or in one line why there is none."""
    try:
        return open_regular(path)
    except IsADirectoryError:
        raise InputError(f"{shown_path(path)} is a folder; give a file, or remove the folder") from None
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"there is no file {shown_path(path)}; create it or correct the path") from None
    except PermissionError:
        raise InputError(f"{shown_path(path)} may not be read; give yourself permission (chmod u+r)") from None
    except OSError as error:
        raise InputError(f"{shown_path(path)} can't be read ({error.strerror}); give another file") from None
    except ValueError as error:
        raise InputError(f"{shown_path(path)} is no path ({error}); correct it") from None


def shown_path(path: Path) -> str:
    """A path as an error names it: at most 300 characters, and nothing that moves the cursor."""
    return shown(str(path), longest=300, quoted=False)


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, with or without a byte order mark.

    Raises:
        InputError: it can't be read, or is in another encoding.
    """
    return decode_text(read_bytes(path, LARGEST_TEXT_BYTES), shown_path(path))


def decode_text(content: bytes, source: str) -> str:
    """The text of UTF-8 bytes, with or without a byte order mark; `source` says where they come from.

    Raises:
        InputError: they are in another encoding; the error says in which line and, as far as can be seen, in which.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            raise _other_encoding(source, 1, encoding)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _other_encoding(source, line, _likely_encoding(content)) from None
    if "\0" in text:
        raise _other_encoding(source, text[: text.index("\0")].count("\n") + 1, _likely_encoding(content))
    return text


def decode_typed_text(content: bytes, source: str) -> str:
    """The text of what somebody typed or piped: UTF-8, or UTF-16 or UTF-32 with its byte order mark.

    Raises:
        InputError: it is in another encoding.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                raise _other_encoding(source, 1, f"damaged {encoding}") from None
    return decode_text(content, source)


def _other_encoding(source: str, line: int, encoding: str) -> InputError:
    return InputError(f"{source}:{line}: not UTF-8 but {encoding}; save it as UTF-8")


def _likely_encoding(content: bytes) -> str:
    """What bytes that aren't UTF-8 are likely to be."""
    head = content[:4096]
    if head.count(0) > len(head) // 4 and head.count(0) <= len(head) // 2 + 1:
        return "UTF-16"
    controls = sum(byte < 32 and byte not in b"\t\n\r\f" for byte in head)
    return "binary data" if controls else "Latin-1 or Windows-1252"


@overload
def read_json(path: Path, shape: type[T]) -> T: ...
@overload
def read_json(path: Path) -> Any: ...
def read_json(path: Path, shape: Any = Any) -> Any:
    """The value in a JSON file; `shape` is a type such as `dict[str, Any]`, `list[str]` or a TypedDict.

    Raises:
        InputError: it can't be read, isn't JSON, or has another shape.
    """
    return parse_json(read_text(path), shown_path(path), shape)


def parse_json(text: str, source: str, shape: Any = Any) -> Any:
    """The value of a JSON text; see `read_json`."""
    if not text.strip():
        raise InputError(f"{source} is empty and should be JSON; restore the file or remove it")
    try:
        value = json.loads(text)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        what = f"{error.msg} in line {error.lineno}, column {error.colno}"
        raise InputError(f"{source} is not JSON ({what}); restore the file or remove it") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{source} is not usable JSON ({_one_line(error)}); restore the file or remove it") from None
    return _shaped(value, shape, source)


@overload
def read_yaml(path: Path, shape: type[T]) -> T: ...
@overload
def read_yaml(path: Path) -> Any: ...
def read_yaml(path: Path, shape: Any = Any) -> Any:
    """The value in a YAML file: mappings, lists, texts, numbers, booleans and nulls, at most 30 deep and 1 MiB.

    Numbers are read as Hydra reads them (`1e-4` is one). Aliases, tags of objects and keys that stand twice are
    refused.

    Raises:
        InputError: it can't be read, isn't such YAML, or has another shape.
    """
    source = shown_path(path)
    text = decode_text(read_bytes(path, LARGEST_YAML_BYTES), source)
    if not text.strip():
        raise InputError(f"{source} is empty and should be YAML; restore the file or remove it")
    try:
        value = yaml.load(text, Loader=BoundedLoader)
    except (yaml.YAMLError, ValueError, LookupError, RecursionError) as error:
        raise InputError(f"{source} is not usable YAML ({_one_line(error)}); restore the file or remove it") from None
    return _shaped(value, shape, source)


def read_table(
    path: Path,
    columns: Mapping[str, type[str] | type[int] | type[float]] | Sequence[str],
    separator: str = ",",
    *,
    quoted: bool = True,
) -> pd.DataFrame:
    """A CSV table with a header. Nothing is guessed: a column is text unless `columns` says `int` or `float`.

    `columns` are those that must be there, in any order; others are kept as text. Of a `float`, an empty field and
    `nan` are NaN. In a table that isn't `quoted`, a quotation mark is a letter like any other.

    Raises:
        InputError: it can't be read, lacks a column, a line has another number of fields, or a number isn't one.
    """
    import pandas as pd

    types = dict(columns) if isinstance(columns, Mapping) else dict.fromkeys(columns, str)
    source = shown_path(path)
    header, lines = _rows(read_text(path), source, list(types), separator, quoted)
    texts = dict(zip(header, zip(*(fields for _, fields in lines), strict=True), strict=True)) if lines else {}
    numbers = [number for number, _ in lines]
    table = {name: _column(texts.get(name, ()), types.get(name, str), name, numbers, source) for name in header}
    return pd.DataFrame(table, columns=pd.Index(header))


def _rows(
    text: str, source: str, required: Sequence[str], separator: str, quoted: bool
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header, and the fields of each line with the line's number."""
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True, quoting=quoting)
    try:
        header = next(reader, [])
        lines = [(reader.line_num, fields) for fields in reader if fields]
    except csv.Error as error:
        raise InputError(f"{source}:{reader.line_num}: not a table ({error}); restore the file") from None
    if not set(required) <= set(header) or len(set(header)) < len(header):
        wanted = separator.join(required)
        found = shown(separator.join(header))
        raise InputError(f"{source}:1: the header is {found}; it must name {wanted}, each once; restore the file")
    for number, fields in lines:
        if len(fields) != len(header):
            raise InputError(
                f"{source}:{number}: {len(fields)} fields where the header has {len(header)}; restore the file"
            )
    return header, lines


def _column(fields: Sequence[str], kind: type, name: str, lines: Sequence[int], source: str) -> Any:
    """The values of a column."""
    import pandas as pd

    if kind is str:
        return pd.Series(list(fields), dtype=object)
    for line, field in zip(lines, fields, strict=True):
        allowed = field.strip() == "" or _NUMBER.fullmatch(field) if kind is float else _is_whole(field)
        if not allowed:
            what = "a number" if kind is float else "a whole number"
            raise InputError(f"{source}:{line}: the {name} {shown(field)} is not {what}; restore the file")
    if kind is float:
        return pd.Series([float(field) if field.strip() else math.nan for field in fields], dtype="float64")
    return pd.Series([int(field) for field in fields], dtype="int64")


def _is_whole(field: str) -> bool:
    """Whether it is an integer of at most 18 digits, which 64 bits hold."""
    return re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", field) is not None


def _shaped(value: Any, shape: Any, source: str) -> Any:
    """The value, if it has the shape."""
    wrong = mismatch(value, shape)
    if wrong is not None:
        raise InputError(f"{source} holds something else than expected: {wrong}; restore the file or remove it")
    return value


def _one_line(error: BaseException) -> str:
    return shown(" ".join(str(error).split()), longest=120, quoted=False)
