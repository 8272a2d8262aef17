"""Speakers without data, with two meanings, or with much more data than others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from runners.linting.audio_facts import AudioFacts
from runners.linting.finding import Finding, Severity
from runners.linting.known_base import KnownBase
from vits.corpus.clip import Clip
from vits.corpus.split import TRAIN

UNBALANCED = 2.0  # times the data of the smallest speaker


def empty_speakers(clips: Sequence[Clip], bases: Sequence[KnownBase]) -> list[Finding]:
    """Rows of a base that nothing trained, and speakers of the corpus that some split lacks."""
    return [finding for base in bases for finding in _untrained_rows(base)] + _absent(clips)


def _untrained_rows(base: KnownBase) -> list[Finding]:
    empty = [speaker for speaker, utterances in base.utterances.items() if not utterances]
    if not empty:
        return []
    ids = f"{len(empty)} speaker id{'s' if len(empty) > 1 else ''} of {len(base.utterances)}"
    return [
        Finding(
            Severity.WARNING,
            "empty speakers",
            f"base ({base.source})",
            f"{ids} {'have' if len(empty) > 1 else 'has'} no data",
            "an embedding that was never trained is noise, and would spoil the mean and the nearest speaker",
            "initialisers leave out rows that the bundle's speakers.csv counts with 0 utterances; check it there",
            tuple(empty),
        )
    ]


def _absent(clips: Sequence[Clip]) -> list[Finding]:
    """Speakers that have no clip in a split in which others have some."""
    splits_of: dict[str, set[str]] = defaultdict(set)
    for clip in clips:
        splits_of[clip.speaker].add(str(clip.split))
    findings = []
    for split in sorted({str(clip.split) for clip in clips}):
        absent = tuple(sorted(speaker for speaker, splits in splits_of.items() if split not in splits))
        if absent:
            effect = "the voice is never trained, and is left out" if split == TRAIN else "the voice isn't scored there"
            findings.append(
                Finding(
                    Severity.WARNING,
                    "empty speakers",
                    split,
                    f"{len(absent)} of {len(splits_of)} speakers have no clip in it",
                    effect,
                    "give each speaker some, or choose the others with data.speakers",
                    absent,
                )
            )
    return findings


def shared_speakers(clips: Sequence[Clip], bases: Sequence[KnownBase]) -> list[Finding]:
    """New speakers with the id of a trained one of a base."""
    new = {clip.speaker for clip in clips}
    findings = []
    for base in bases:
        both = tuple(sorted(speaker for speaker in new if base.utterances.get(speaker)))
        if both:
            findings.append(
                Finding(
                    Severity.WARNING,
                    "shared speakers",
                    f"base ({base.source})",
                    f"{len(both)} of {len(new)} new speakers have the id of a base speaker",
                    "either the voice isn't new to the base, or two voices can't be told apart by their ids",
                    "rename the speaker, or leave it out with data.speakers",
                    both,
                )
            )
    return findings


def unbalanced_speakers(clips: Sequence[Clip], facts: Mapping[str, AudioFacts]) -> list[Finding]:
    """Speakers with twice the training data of another or more, in seconds, or in clips where those are unknown."""
    train = [clip for clip in clips if clip.split == TRAIN]
    timed = [clip for clip in train if clip.name in facts]
    amounts: dict[str, float] = defaultdict(float)
    for clip in timed or train:
        amounts[clip.speaker] += facts[clip.name].duration_s if timed else 1
    if not amounts:
        return []
    ascending = sorted(amounts.items(), key=lambda item: item[1])
    (least, smallest), (most, largest) = ascending[0], ascending[-1]
    if largest < UNBALANCED * smallest:
        return []
    unit = "s" if timed else "clips"
    return [
        Finding(
            Severity.WARNING,
            "unbalanced speakers",
            TRAIN,
            f"speaker {most} has {largest:.0f} {unit}, {largest / smallest:.1f} times the {smallest:.0f} {unit} "
            f"of speaker {least}",
            "the large voices take most steps of the training, and differences between voices may be those of size",
            "record more of the small ones, or list fewer clips of the large ones",
            tuple(f"{speaker}: {amount:.0f} {unit}" for speaker, amount in ascending),
        )
    ]
