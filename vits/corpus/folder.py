"""A folder of recordings with what was said in them, however it is laid out: the way to bring voices of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from vits.common.errors import InputError
from vits.common.names import shown
from vits.common.readers import is_folder, shown_path
from vits.common.registry import register
from vits.corpus.audio_files import AudioFiles, without_suffix
from vits.corpus.clip import Clip
from vits.corpus.corpus import Corpus, unique
from vits.corpus.folder_layout import layout_of
from vits.corpus.layouts.layout import Place, Row, Rows
from vits.corpus.prepared_texts import with_recognisers
from vits.corpus.roots import resolve_folder

NO_NAME = "voice"  # of the speaker of a corpus that names none, and whose folder has no name


@register("data", "folder")
@dataclass(frozen=True, kw_only=True)
class FolderCorpus(Corpus):
    """A folder in any layout of `vits/corpus/layouts/`; which one is found out, unless `layout` says it.

    The plainest is `metadata.csv` with a header `path|speaker|text`, then one line for each recording. Paths lie
    below `audio`, which is the folder itself unless that says another one (below the folder, or anywhere). `table`
    is the table to read where there are several. A corpus that names no speakers is of one voice, which is called
    like the folder. `val`, `valid` and `dev` mean validation.
    """

    layout: str | None = None
    table: str | None = None
    audio: str | None = None

    def read(self) -> list[Clip]:
        return list(self._found.clips)

    def described(self) -> str:
        clips = self._found.clips
        voices = sorted({clip.speaker for clip in clips})
        of = f"{len(voices)} voices" if len(voices) > 1 else f"the voice {shown(voices[0])}"
        remarks = "".join(f"; {remark}" for remark in self._found.remarks)
        return f"{self.root} is {self._found.what}: {len(clips):,} recordings of {of}{remarks}"

    @cached_property
    def _found(self) -> _Found:
        """What the folder is and holds, looked at once: it is described before it is read."""
        place = self._place()
        layout, what = layout_of(place, self.layout)
        rows = layout.read(place)
        return _Found(what, self._clips(place, rows), rows.remarks)

    def _place(self) -> Place:
        """The folders and the table that the settings name."""
        folder = resolve_folder(self.root)
        audio = folder if self.audio is None else _below(folder, self.audio)
        return Place(folder, audio, None if self.table is None else folder / self.table)

    def _clips(self, place: Place, found: Rows) -> list[Clip]:
        """The clips of rows, each a file below the folder of the recordings."""
        files = AudioFiles(place.audio)
        paths = [_checked_path(row, files) for row in found.rows]
        alone = _only_speaker(place, found.rows, paths)
        clips = [_clip(row, place, path, alone) for row, path in zip(found.rows, paths, strict=True)]
        listed = unique(clips, place.tables[0].path if place.tables else place.folder)
        return with_recognisers(listed, place.folder)


@dataclass(frozen=True)
class _Found:
    """What a folder is, in a few words, its clips, and remarks on what is done otherwise than it says."""

    what: str
    clips: Sequence[Clip]
    remarks: Sequence[str]


def _below(folder: Path, audio: str) -> Path:
    """The folder of the recordings: below the corpus, or else where any folder is looked for."""
    return folder / audio if is_folder(folder / audio) else resolve_folder(audio)


def _checked_path(row: Row, files: AudioFiles) -> PurePosixPath:
    """Where a row's recording lies, if the row says all that is needed."""
    for what, said in (("path", row.path), ("speaker", row.speaker), ("text", row.text)):
        if said is not None and not said.strip():
            raise InputError(f"{row.where}: the {what} is empty; fill it in or remove the line")
    for what, said in (("path", row.path), ("speaker", row.speaker or "")):
        if "|" in said:
            raise InputError(f"{row.where}: the {what} {shown(said)} has a |, which separates columns; rename it")
    return files.find(row.path, row.where)


def _only_speaker(place: Place, rows: Sequence[Row], paths: Sequence[PurePosixPath]) -> str:
    """The name of the voice of a corpus that names none.

    Raises:
        InputError: its recordings lie in several folders, which may be voices.
    """
    folders = sorted({str(path.parent) for row, path in zip(rows, paths, strict=True) if row.speaker is None})
    name = place.folder.resolve().name.replace("|", "_") or NO_NAME
    if len(folders) > 1:
        raise InputError(
            f"{shown_path(place.folder)} names no speakers and has recordings in {len(folders)} folders "
            f"({shown(folders[0])}, {shown(folders[1])}, ...): all may be one voice, or each folder one; "
            "add a column speaker to its table"
        )
    return name


def _clip(row: Row, place: Place, path: PurePosixPath, alone: str) -> Clip:
    return Clip(
        path=place.audio / path,
        speaker=alone if row.speaker is None else row.speaker,
        text=row.text,
        name=without_suffix(path),
        phonemes=row.phonemes,
        split=row.split,
    )
