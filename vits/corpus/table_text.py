"""Tables of one recording a line, as people and programs write them: what separates, and whether quotes quote."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vits.common.errors import InputError
from vits.common.readers import is_file, read_text, shown_path

SEPARATORS = ("|", "\t", ";", ",")
IN_PROSE = (";", ",")  # what also stands in sentences, so that it is quoted there
NAMES = {"|": "|", "\t": "tabs", ";": "semicolons", ",": "commas"}

Line = tuple[int, str]
Fields = tuple[int, list[str]]


@dataclass(frozen=True)
class Table:
    """The fields of each line with the line's number from 1; nothing is said of a header yet."""

    path: Path
    separator: str
    quoted: bool
    lines: list[Fields]

    @property
    def dialect(self) -> str:
        """How it is written, in words."""
        return f"separated by {NAMES[self.separator]}" + (", quoted" if self.quoted else "")

    @property
    def is_even(self) -> bool:
        """Whether all lines have as many fields, and more than one."""
        return _is_even(self.lines)


def table_lines(path: Path) -> list[Line]:
    """The lines of a file with their numbers, whether LF, CRLF or (on an old Mac) CR ends them.

    Raises:
        InputError: the file can't be read or isn't UTF-8.
    """
    text = read_text(path).replace("\r\n", "\n")
    if "\n" not in text:
        text = text.replace("\r", "\n")
    return list(enumerate(text.split("\n"), start=1))


def filled_lines(path: Path) -> list[tuple[str, str]]:
    """The lines that aren't blank, without blanks around them, each behind where it stands (`metadata.csv:3`).

    Raises:
        InputError: the file can't be read or isn't UTF-8.
    """
    return [(f"{shown_path(path)}:{number}", line.strip()) for number, line in table_lines(path) if line.strip()]


def read_separated(path: Path, separator: str) -> Table:
    """The table as it is with that separator; blank lines and those of a # are left out.

    Quotes quote, as in CSV (RFC 4180), where the lines show it: every line then has as many fields, a quotation mark
    within is doubled, or paths are quoted too. Else they are letters, as in LJSpeech. A line that begins with # is
    read all the same where its recording's name does.

    Raises:
        InputError: the file can't be read, or some of its lines are quoted and others can't be.
    """
    lines = table_lines(path)
    plain = _plain(lines, separator, path)
    if not any('"' in line for _, line in lines):
        return Table(path, separator, False, plain)
    csv_lines = _quoted(lines, separator, path)
    quoted = csv_lines is not None and _are_quoted(plain, csv_lines, separator, path)
    return Table(path, separator, quoted, csv_lines if quoted and csv_lines is not None else plain)


def possible_separators(path: Path) -> list[str]:
    """The separators that stand in the first line that is no comment."""
    is_comment = _comments(path)
    first = next((line for _, line in table_lines(path) if line.strip() and not is_comment(line)), "")
    return [separator for separator in SEPARATORS if separator in first]


def _plain(lines: Sequence[Line], separator: str, path: Path) -> list[Fields]:
    """The fields where a quotation mark is a letter."""
    is_comment = _comments(path)
    kept = [(number, line) for number, line in lines if line.strip() and not is_comment(line)]
    return [(number, [field.strip() for field in line.split(separator)]) for number, line in kept]


def _quoted(lines: Sequence[Line], separator: str, path: Path) -> list[Fields] | None:
    """The fields where quotes quote; None where they can't."""
    is_comment = _comments(path)
    begun: list[int] = []  # the lines of the record that is being read

    def feed() -> Iterator[str]:
        for number, line in lines:
            if begun or (line.strip() and not is_comment(line)):
                begun.append(number)
                yield f"{line}\n"

    found: list[Fields] = []
    try:
        for fields in csv.reader(feed(), delimiter=separator, strict=True, skipinitialspace=separator in IN_PROSE):
            found.append((begun[0], [" ".join(field.split("\n")).strip() for field in fields]))
            begun.clear()
    except csv.Error:
        return None
    return found


def _are_quoted(plain: Sequence[Fields], quoted: Sequence[Fields], separator: str, path: Path) -> bool:
    """Whether quotes quote, if both readings are possible."""
    if _is_even(plain) != _is_even(quoted):
        return _is_even(quoted)
    marked = [(number, field) for number, fields in plain for field in fields if '"' in field]
    doubled = [number for number, field in marked if _is_quoted(field) and '"' in field[1:-1]]
    loose = [number for number, field in marked if not _is_quoted(field)]
    if any(_is_quoted(fields[0]) for _, fields in plain):
        return True
    if doubled and loose and _is_even(plain):
        raise InputError(
            f"{shown_path(path)}: line {doubled[0]} has fields in quotes with quotation marks doubled, as CSV has, "
            f"and line {loose[0]} a quotation mark that is a letter; write all lines in one of the two ways"
        )
    return bool(doubled) or (separator in IN_PROSE and not loose)


def _is_quoted(field: str) -> bool:
    """Whether a field is one of CSV in quotes."""
    within = field[1:-1]
    return len(field) > 1 and field[0] == field[-1] == '"' and '"' not in within.replace('""', "")


def _is_even(lines: Sequence[Fields]) -> bool:
    widths = {len(fields) for _, fields in lines}
    return len(widths) == 1 and min(widths) > 1


def _comments(path: Path) -> Callable[[str], bool]:
    """Whether a line of a table is a comment: it begins with #, and no recording of that name is there."""

    def is_comment(line: str) -> bool:
        if not line.startswith("#"):
            return False
        return not any(is_file(path.parent / line.split(separator)[0].strip()) for separator in SEPARATORS)

    return is_comment
