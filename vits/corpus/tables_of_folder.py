"""Which tables of a folder are the corpus's, by their names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from vits.common.errors import InputError
from vits.common.readers import is_file, shown_path
from vits.corpus.split import TEST, TRAIN, VALIDATION
from vits.corpus.table_columns import is_header
from vits.corpus.table_text import possible_separators, read_separated

TABLE = "metadata.csv"
OF_ALL = (TABLE, "metadata.tsv", "metadata.txt")
_OF_SPLIT = re.compile(r"(?:metadata_)?(train|dev|val|valid|validation|eval|test)\.(?:csv|tsv)", re.IGNORECASE)
_OTHER_NAMES = {"dev": VALIDATION, "val": VALIDATION, "valid": VALIDATION, "validation": VALIDATION}
_IN_ANY_CASE = {TRAIN: TRAIN, TEST: TEST, **_OTHER_NAMES}


@dataclass(frozen=True)
class TableOfSplit:
    """A table, and the split that it lists; None where it lists all."""

    path: Path
    split: str | None


def split_called(name: str) -> str | None:
    """The split that a corpus calls so; a name that nobody else uses is kept as it is, an empty one is none."""
    return _IN_ANY_CASE.get(name.casefold(), name) or None


def tables_of(folder: Path) -> list[TableOfSplit]:
    """The one table of everything, or one for each split; none where there are none.

    Raises:
        InputError: there are several of a kind, or of both.
    """
    of_all = [folder / name for name in OF_ALL if is_file(folder / name)]
    of_splits = _of_splits(folder)
    if len(of_all) + bool(of_splits) > 1:
        one, other = [*(path.name for path in of_all), " and ".join(table.path.name for table in of_splits)][:2]
        raise InputError(
            f"{shown_path(folder)} may be read from {one} or from {other}; "
            "name one with data.table, or move the other away"
        )
    return [TableOfSplit(path, None) for path in of_all] or of_splits or _only_one(folder)


def _only_one(folder: Path) -> list[TableOfSplit]:
    """The table of some other name, if there is one alone, and its header says that it lists recordings."""
    paths = [path for path in sorted(folder.glob("*.[ct]sv")) if is_file(path)]
    return [TableOfSplit(path, None) for path in paths if len(paths) == 1 and _lists_recordings(path)]


def _lists_recordings(path: Path) -> bool:
    try:
        tables = [read_separated(path, separator) for separator in possible_separators(path)]
    except InputError:  # whatever it is, it isn't the corpus's
        return False
    return any(is_header(table.lines[0][1]) for table in tables)


def _of_splits(folder: Path) -> list[TableOfSplit]:
    """The tables of the splits, training first; one alone is of everything."""
    names = sorted(path.name for path in folder.glob("*.[ct]sv") if _OF_SPLIT.fullmatch(path.name))
    tables: dict[str, str] = {}
    for name in names:
        split = _split_of_table(name)
        if split in tables:
            raise InputError(
                f"{shown_path(folder)} has two tables for {split}, {tables[split]} and {name}; move one away, or name "
                "one with data.table"
            )
        tables[split] = name
    if len(tables) == 1:
        return [TableOfSplit(folder / name, None) for name in names]
    order = [split for split in (TRAIN, VALIDATION, TEST) if split in tables]
    return [TableOfSplit(folder / tables[split], split) for split in order]


def _split_of_table(name: str) -> str:
    found = _OF_SPLIT.fullmatch(name)
    assert found is not None
    called = found[1].casefold()
    return VALIDATION if called == "eval" else _IN_ANY_CASE[called]
