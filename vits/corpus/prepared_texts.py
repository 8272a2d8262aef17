"""Texts that a speech recogniser wrote, as far as the corpus says so.

`runners/prepare.py` leaves a `prepared.csv` beside the corpus that it makes, with who wrote each text. A text whose
words were corrected since is a person's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from vits.common.readers import is_file, read_table, read_text
from vits.corpus.audio_files import without_suffix
from vits.corpus.clip import Clip

PREPARED = "prepared.csv"
RECOGNISER = "Whisper"  # begins the names of those that `text_by` may name as the one who wrote a text
COLUMNS = ("path", "text_by", "text")


def with_recognisers(clips: Sequence[Clip], folder: Path) -> list[Clip]:
    """The clips of a folder, each with the recogniser that wrote its text, if one did.

    Raises:
        InputError: prepared.csv is damaged.
    """
    written = _written(folder / PREPARED)
    return [
        replace(clip, recogniser=found[1]) if (found := written.get(clip.name)) and _says(clip, found[0]) else clip
        for clip in clips
    ]


def recognised(clips: Iterable[Clip]) -> dict[str, dict[str, int]]:
    """How many texts of each split each recogniser wrote."""
    written: dict[str, Counter[str]] = {}
    for clip in clips:
        if clip.recogniser is not None:
            written.setdefault(clip.recogniser, Counter())[str(clip.split)] += 1
    return {recogniser: dict(counts) for recogniser, counts in sorted(written.items())}


def _written(path: Path) -> dict[str, tuple[str, str]]:
    """The text that a recogniser wrote for each clip, and which one it was; nothing in another table of that name."""
    if not is_file(path) or not set(COLUMNS) <= set(read_text(path).partition("\n")[0].strip().split(",")):
        return {}
    table = read_table(path, COLUMNS)
    table = table[table["text_by"].str.startswith(RECOGNISER) & (table["path"] != "")]
    names = [without_suffix(PurePosixPath(name)) for name in table["path"]]
    return dict(zip(names, zip(table["text"], table["text_by"], strict=True), strict=True))


def _says(clip: Clip, text: str) -> bool:
    """Whether the clip's words are still those; case and punctuation don't count, as in an error rate."""
    return clip.sentence == replace(clip, text=text).sentence
