"""Who says what: the clips that a corpus shall have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runners.corpus_making.voice_mixtures import Voice
from vits.common.errors import InputError
from vits.corpus.text_file import numbered_lines
from vits.text.cleaning import collapse_whitespace

_SPLIT = re.compile(r"(?P<name>\w+)(?::(?P<count>[1-9]\d*))?", re.ASCII)


@dataclass(frozen=True)
class Split:
    """A part of the corpus and its number of sentences a voice; None means all that are left."""

    name: str
    count: int | None


@dataclass(frozen=True)
class PlannedClip:
    """A sentence in a voice, and the file it goes to, relative to the corpus."""

    path: str
    voice: Voice
    text: str
    split: str


def read_sentences(path: Path) -> list[str]:
    """The lines of a text file.

    Raises:
        InputError: there are none, one contains `|`, or one stands twice and could be both trained and tested.
    """
    first_line: dict[str, int] = {}
    for number, line in numbered_lines(path):
        text = collapse_whitespace(line)
        if "|" in text:
            raise InputError(
                f"{path}:{number}: a sentence may not contain |, which separates the columns of metadata.csv"
            )
        if text in first_line:
            raise InputError(f"{path}:{number}: the sentence of line {first_line[text]} again; remove one of them")
        first_line[text] = number
    if not first_line:
        raise InputError(f"{path} has no sentences; write one a line")
    return list(first_line)


def parse_splits(text: str) -> list[Split]:
    """The splits of a comma list such as `train:60,val:10,test:40`, or `train` for all sentences.

    Raises:
        InputError: an entry can't be read or stands twice, or one before the last has no number.
    """
    matches = [_SPLIT.fullmatch(entry.strip()) for entry in text.split(",")]
    splits = [Split(match["name"], int(match["count"]) if match["count"] else None) for match in matches if match]
    if len(splits) < len(matches) or any(split.count is None for split in splits[:-1]):
        raise InputError(f"splits={text} can't be read; give name:number, ..., such as train:60,val:10,test:40")
    if len({split.name for split in splits}) < len(splits):
        raise InputError(f"splits={text} names a split twice; give each its own name")
    return splits


def plan_clips(
    voices: Sequence[Voice], sentences: Sequence[str], splits: Sequence[Split], *, share: bool
) -> list[PlannedClip]:
    """The clips of every voice, split by split in the order of the sentences.

    All voices say the same sentences if they share them; else each says as many of its own.

    Raises:
        InputError: there are too few sentences.
    """
    portions = 1 if share else len(voices)
    blocks = list(_blocks(sentences, splits, portions))
    return [
        PlannedClip(f"{split.name}/{voice.speaker}/{number:03}.opus", voice, text, split.name)
        for place, voice in enumerate(voices)
        for split, block in zip(splits, blocks, strict=True)
        for number, text in enumerate(_portion(block, place % portions, portions))
    ]


def _blocks(sentences: Sequence[str], splits: Sequence[Split], portions: int) -> Iterator[Sequence[str]]:
    """The sentences of each split, for all portions together."""
    needed = portions * sum(split.count or 1 for split in splits)
    if len(sentences) < needed:
        raise InputError(
            f"these splits and voices need {needed} sentences, but the file has {len(sentences)}; "
            "add sentences, lower the numbers, or let the voices share them"
        )
    start = 0
    for split in splits:
        end = len(sentences) if split.count is None else start + portions * split.count
        yield sentences[start:end]
        start = end


def _portion(block: Sequence[str], place: int, portions: int) -> Sequence[str]:
    """One of so many parts of nearly equal length."""
    return block[len(block) * place // portions : len(block) * (place + 1) // portions]
