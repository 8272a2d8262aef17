"""What all readers of recorded speech have in common."""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vits.common.bounds import check_fields
from vits.common.errors import InputError
from vits.common.names import check_distinct, check_name, check_visible, shown
from vits.common.quantities import Number, Seed
from vits.common.readers import is_file, shown_path
from vits.corpus.clip import Clip
from vits.corpus.split import HoldOut, smaller_training, split_by_sentence

SHOWN = 5  # how many examples an error message names


@dataclass(frozen=True, kw_only=True)
class Corpus(ABC):
    """Recorded speech with its text; every clip is in a split.

    `root` is the folder that paths are relative to, below the current directory or else the project's root.
    `language` is espeak's code of the language spoken. `speakers` selects some speakers; none given, all
    are taken. `utterances_per_speaker` are trained of each speaker (0: all), the smaller sets within the larger
    ones; the others are spare. `validation` and `test` are clips per speaker to hold out at most, and `split_seed`
    draws them; a corpus that brings its own splits keeps those.
    """

    root: str
    language: str = "en-us"
    speakers: list[str] | None = None
    utterances_per_speaker: Number = 0
    validation: Number = 5
    test: Number = 20
    split_seed: Seed = 0

    def __post_init__(self) -> None:
        check_fields(self, "data")
        twice = [name for name, count in Counter(self.speakers or ()).items() if count > 1]
        if twice:
            raise InputError(f"data.speakers names {shown(twice[0])} more than once; name each speaker once")
        self.hold_out()

    @abstractmethod
    def read(self) -> list[Clip]:
        """All clips, with the splits that the corpus brings, if any."""

    def described(self) -> str | None:
        """What was found, in one line, where a reader has to find out.

        Raises:
            InputError: the corpus is malformed.
        """
        return None

    def clips(self) -> list[Clip]:
        """The clips of the chosen speakers, each in a split, in the order of the corpus.

        Raises:
            InputError: the corpus is malformed, a speaker is unknown or has too few clips.
        """
        clips = self.listed()
        _check_audio(clips)
        return clips

    def listed(self) -> list[Clip]:
        """The same clips, whether or not their audio is there.

        Raises:
            InputError: the corpus is malformed, a speaker is unknown or has too few clips.
        """
        clips = _named(self.read(), self.root)
        chosen = clips if self.speakers is None else _of_speakers(clips, self.speakers, self.root)
        split = self.split(chosen)
        if not self.utterances_per_speaker:
            return split
        return smaller_training(split, self.utterances_per_speaker, self.split_seed)

    def split(self, clips: Sequence[Clip]) -> list[Clip]:
        """The clips with their splits: the corpus's own, or made here if it brings none."""
        unsplit = [clip for clip in clips if clip.split is None]
        if not unsplit:
            return list(clips)
        if len(unsplit) < len(clips):
            raise InputError(
                f"{len(unsplit)} of the {len(clips)} clips of {self.root} have no split, "
                f"first {unsplit[0].name}; "
                "give all of them one, or none"
            )
        return split_by_sentence(clips, self.hold_out())

    def hold_out(self) -> HoldOut:
        """What is held out where the corpus doesn't say it."""
        return HoldOut(validation=self.validation, test=self.test, seed=self.split_seed)


def unique(clips: Sequence[Clip], source: Path) -> list[Clip]:
    """The clips, if there are any and each has a name of its own.

    Raises:
        InputError: there are none, or two share a name.
    """
    if not clips:
        raise InputError(f"{source} lists no clips; add at least three for each speaker")
    name, count = Counter(clip.name for clip in clips).most_common(1)[0]
    if count > 1:
        raise InputError(f"{source} lists {name} {count} times; list every recording once, also if it has two formats")
    return list(clips)


def _named(clips: Sequence[Clip], root: str) -> list[Clip]:
    """The clips with their speakers' names in one Unicode form, if no two could be taken for each other.

    Raises:
        InputError: two speakers, or two clips of one, have names that look alike, or a name can't be used.
    """
    speakers = {name: check_visible(name, "speaker", root) for name in {clip.speaker for clip in clips}}
    check_distinct(sorted(speakers.values()), "speaker", root)
    for name in sorted({clip.name for clip in clips}):
        check_visible(name, "clip", root)
    for split in sorted({clip.split for clip in clips if clip.split is not None}):
        check_name(split, "split")
    return [replace(clip, speaker=speakers[clip.speaker]) for clip in clips]


def _of_speakers(clips: Sequence[Clip], speakers: Sequence[str], root: str) -> list[Clip]:
    """The clips of some speakers."""
    known = sorted({clip.speaker for clip in clips})
    speakers = [unicodedata.normalize("NFC", speaker) for speaker in speakers]
    unknown = [speaker for speaker in speakers if speaker not in known]
    if unknown or not speakers:
        asked = ", ".join(shown(speaker, quoted=False) for speaker in unknown) or "(none)"
        raise InputError(f"no such speaker in {root}: {asked}; choose from {', '.join(known)}")
    return [clip for clip in clips if clip.speaker in speakers]


def _check_audio(clips: Sequence[Clip]) -> None:
    """Every clip's file exists."""
    missing = [shown_path(clip.path) for clip in clips if not is_file(clip.path)]
    if missing:
        shown = ", ".join(missing[:SHOWN]) + (", ..." if len(missing) > SHOWN else "")
        raise InputError(
            f"{len(missing)} of {len(clips)} audio files are missing: {shown}; "
            "correct the list or data.root, or restore them"
        )
