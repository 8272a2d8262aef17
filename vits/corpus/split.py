"""What is for training and what is held out, decided by the sentence.

A sentence goes to one split for all speakers, so that no held-out sentence was heard in training in another
voice. The order in which sentences are held out is that of a seeded hash: the same texts and seed give the
same split on every machine, whatever the order of the clips.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vits.common.atomic_files import write_atomically
from vits.common.bounds import check_fields
from vits.common.errors import InputError
from vits.common.names import shown
from vits.common.quantities import Number, Seed
from vits.corpus.clip import Clip
from vits.corpus.text_file import numbered_lines

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPARE = "spare"  # training clips that are left out of a smaller training set
HELD_OUT = (TEST, VALIDATION)
_COLUMNS = ("split", "speaker", "text", "path")


@dataclass(frozen=True)
class HoldOut:
    """How many clips of each speaker are held out, at most.

    Of n clips at most n / 3 become test and n / 8 validation, but at least one of each, so that training
    keeps the majority of a small corpus. A size of 0 holds out none.
    """

    validation: Number = 5
    test: Number = 20
    seed: Seed = 0

    def __post_init__(self) -> None:
        check_fields(self, "data")

    def target(self, split: str, n_clips: int) -> int:
        """Clips that a speaker with so many shall have in a held-out split."""
        asked, most = (self.test, n_clips // 3) if split == TEST else (self.validation, n_clips // 8)
        return max(1, min(asked, most)) if asked else 0

    @property
    def splits(self) -> tuple[str, ...]:
        """The held-out splits that aren't empty."""
        return tuple(split for split in HELD_OUT if self.target(split, 3))


def smaller_training(clips: Sequence[Clip], per_speaker: int, seed: int) -> list[Clip]:
    """The clips in their order; all but so many of each speaker's training clips are spare.

    They are chosen by a seeded hash of their names, so that a smaller training set is part of every larger one.
    """
    order: dict[str, list[str]] = defaultdict(list)
    for clip in sorted(clips, key=lambda clip: hashlib.sha256(f"{seed} {clip.name}".encode()).digest()):
        if clip.split == TRAIN:
            order[clip.speaker].append(clip.name)
    kept = {(speaker, name) for speaker, names in order.items() for name in names[:per_speaker]}
    return [
        replace(clip, split=SPARE) if clip.split == TRAIN and (clip.speaker, clip.name) not in kept else clip
        for clip in clips
    ]


def split_by_sentence(clips: Sequence[Clip], hold_out: HoldOut) -> list[Clip]:
    """The clips in their order, each in train, validation or test.

    A speaker may get some clips more than asked for where sentences are shared unevenly between speakers.

    Raises:
        InputError: a speaker has too few different sentences, or the shared sentences admit no such split.
    """
    speakers_of: dict[str, Counter[str]] = defaultdict(Counter)
    for clip in clips:
        speakers_of[clip.sentence][clip.speaker] += 1
    _check_enough(speakers_of, 1 + len(hold_out.splits))
    split_of = _assign(speakers_of, hold_out)
    return [replace(clip, split=split_of[clip.sentence]) for clip in clips]


def _check_enough(speakers_of: Mapping[str, Counter[str]], needed: int) -> None:
    """Every speaker has a sentence for each split."""
    sentences = Counter(speaker for speakers in speakers_of.values() for speaker in speakers)
    for speaker, count in sorted(sentences.items()):
        if count < needed:
            raise InputError(
                f"speaker {speaker} has {count} different sentences, and at least {needed} are needed, "
                "one for each split; record more or leave the speaker out with data.speakers"
            )


def _assign(speakers_of: Mapping[str, Counter[str]], hold_out: HoldOut) -> dict[str, str]:
    """The split of each sentence."""
    order = sorted(speakers_of, key=lambda sentence: _rank(sentence, hold_out.seed))
    ranked = {sentence: speakers_of[sentence] for sentence in order}
    total = sum(ranked.values(), Counter())
    split_of = dict.fromkeys(order, TRAIN)
    for split in hold_out.splits:
        room = Counter({speaker: hold_out.target(split, count) for speaker, count in total.items()})
        for sentence, speakers in ranked.items():
            if split_of[sentence] == TRAIN and all(room[s] >= count for s, count in speakers.items()):
                split_of[sentence] = split
                room -= speakers
    for split in hold_out.splits:
        for speaker in sorted(total):
            _give_one(speaker, split, split_of, ranked)
    return split_of


def _give_one(speaker: str, split: str, split_of: dict[str, str], speakers_of: Mapping[str, Counter[str]]) -> None:
    """Move a sentence to a held-out split in which the speaker has none, taking nobody's last one."""
    own = [sentence for sentence, speakers in speakers_of.items() if speaker in speakers]
    if any(split_of[sentence] == split for sentence in own):
        return
    left = Counter((split_of[sentence], s) for sentence, speakers in speakers_of.items() for s in speakers)
    movable = [sentence for sentence in own if all(left[split_of[sentence], s] > 1 for s in speakers_of[sentence])]
    if not movable:
        raise InputError(
            f"speaker {speaker} shares its sentences with others so that none is left for {split}; "
            "give the splits yourself in a column `split` of metadata.csv"
        )
    chosen = min(movable, key=lambda sentence: (split_of[sentence] != TRAIN, len(speakers_of[sentence])))
    split_of[chosen] = split


def _rank(sentence: str, seed: int) -> bytes:
    """The sentence's place in the order of a seed."""
    return hashlib.blake2b(f"{seed}\n{sentence}".encode(), digest_size=8).digest()


def write_split(path: Path, clips: Sequence[Clip]) -> None:
    """Write down which clip is in which split, as sorted lines `split|speaker|text|path`."""
    rows = sorted((str(clip.split), clip.speaker, clip.text, clip.name + clip.path.suffix) for clip in clips)
    write_atomically(path, ("\n".join("|".join(row) for row in [_COLUMNS, *rows]) + "\n").encode())


def read_split(path: Path, clips: Sequence[Clip]) -> list[Clip]:
    """The clips with the splits written down in a file; clips that it doesn't list are left out.

    Raises:
        InputError: the file is malformed, or lists a clip that the corpus doesn't have.
    """
    by_path = {clip.name + clip.path.suffix: clip for clip in clips}
    header, *rows = numbered_lines(path) or [(1, "")]
    if tuple(header[1].split("|")) != _COLUMNS:
        raise InputError(f"{path}:{header[0]}: the header is {shown(header[1])}; it must be {'|'.join(_COLUMNS)}")
    found = []
    for number, line in rows:
        fields = line.split("|")  # of a text that has a |, too many
        if len(fields) < len(_COLUMNS):
            raise InputError(f"{path}:{number}: {len(fields)} fields; there must be {len(_COLUMNS)}, separated by |")
        if fields[-1] not in by_path:
            raise InputError(
                f"{path}:{number}: the corpus has no clip {shown(fields[-1])}; use the corpus it was written for"
            )
        found.append(replace(by_path[fields[-1]], split=fields[0]))
    return found
