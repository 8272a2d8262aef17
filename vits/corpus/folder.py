"""A folder of recordings with one table of what was said: the way to bring voices of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from vits.common.errors import InputError
from vits.common.names import shown
from vits.common.registry import register
from vits.corpus.clip import Clip
from vits.corpus.corpus import Corpus, unique
from vits.corpus.roots import resolve_folder
from vits.corpus.split import VALIDATION
from vits.corpus.text_file import numbered_lines

TABLE = "metadata.csv"
_REQUIRED = ("path", "speaker", "text")


@register("data", "folder")
@dataclass(frozen=True, kw_only=True)
class FolderCorpus(Corpus):
    """A folder with `metadata.csv`: a header `path|speaker|text`, then one line for each recording.

    Paths are relative to the folder. A column `split` keeps the corpus's own splits (`val` means
    validation), a column `phonemes` gives IPA instead of espeak's; other columns are ignored. `|` separates
    and nothing quotes, so texts may contain quotation marks but no `|`.
    """

    def read(self) -> list[Clip]:
        folder = resolve_folder(self.root)
        table = folder / TABLE
        header, *rows = numbered_lines(table) or [(1, "")]
        columns = [column.strip() for column in header[1].split("|")]
        _check_header(columns, table, header[0])
        return unique([_clip(folder, table, number, columns, line) for number, line in rows], table)


def _check_header(columns: list[str], table: Path, number: int) -> None:
    """The columns that are needed are there, and none stands twice."""
    absent = [column for column in _REQUIRED if column not in columns]
    if absent or len(set(columns)) < len(columns):
        raise InputError(
            f"{table}:{number}: the header is {shown('|'.join(columns))}; it must name {', '.join(_REQUIRED)} "
            "once each, separated by |, and may name split and phonemes"
        )


def _clip(folder: Path, table: Path, number: int, columns: list[str], line: str) -> Clip:
    """The clip of one line."""
    fields = [field.strip() for field in line.split("|")]
    if len(fields) != len(columns):
        raise InputError(
            f"{table}:{number}: {len(fields)} fields where the header has {len(columns)}; "
            f"write {shown('|'.join(columns), quoted=False)}, without | inside a text"
        )
    row = dict(zip(columns, fields, strict=True))
    for column in _REQUIRED:
        if not row[column]:
            raise InputError(f"{table}:{number}: the {column} is empty; fill it in or remove the line")
    path = PurePosixPath(row["path"].replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or not path.name:
        raise InputError(
            f"{table}:{number}: {shown(row['path'])} isn't below {folder}; give a path relative to that folder"
        )
    return Clip(
        path=folder / path,
        speaker=row["speaker"],
        text=row["text"],
        name=str(path.with_suffix("")),
        phonemes=row.get("phonemes") or None,
        split=_split(row),
    )


def _split(row: Mapping[str, str]) -> str | None:
    """The split that the row gives, by our name for it."""
    split = row.get("split") or None
    return VALIDATION if split == "val" else split
