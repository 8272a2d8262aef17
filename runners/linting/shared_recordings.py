"""Recordings that stand in several places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from runners.linting.audio_facts import AudioFacts
from runners.linting.finding import Finding, Severity
from runners.linting.known_base import KnownBase
from vits.corpus.clip import Clip
from vits.corpus.split import TRAIN
from vits.trained_on import TrainedOn, fingerprint

CHECK = "shared recordings"


def shared_recordings(
    clips: Sequence[Clip], facts: Mapping[str, AudioFacts], bases: Sequence[KnownBase]
) -> list[Finding]:
    """Clips of the same samples, whatever their names and formats: in two splits, twice in one, or in a base."""
    by_samples: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        if clip.name in facts:
            by_samples[facts[clip.name].samples].append(clip)
    groups = [group for group in by_samples.values() if len(group) > 1]
    leaks = [group for group in groups if {clip.split for clip in group} > {TRAIN}]
    others = [group for group in groups if group not in leaks]
    return [*_leaked(leaks), *_repeated(others), *(f for base in bases for f in _in_base(clips, facts, base))]


def _leaked(groups: Sequence[Sequence[Clip]]) -> list[Finding]:
    if not groups:
        return []
    return [
        Finding(
            Severity.ERROR,
            CHECK,
            "train and held out",
            f"{_count(groups)} in train and in a held-out split under another name",
            "the model is tested on what it was trained to repeat, and every score is too good",
            "keep one of each in the list",
            _pairs(groups),
        )
    ]


def _repeated(groups: Sequence[Sequence[Clip]]) -> list[Finding]:
    if not groups:
        return []
    return [
        Finding(
            Severity.WARNING,
            CHECK,
            ", ".join(sorted({str(clip.split) for group in groups for clip in group})),
            f"{_count(groups)} more than once under different names",
            "it counts more than others, and if its texts or speakers differ one of them is wrong",
            "keep one of each in the list",
            _pairs(groups),
        )
    ]


def _in_base(clips: Sequence[Clip], facts: Mapping[str, AudioFacts], base: KnownBase) -> list[Finding]:
    """Clips that the base was trained on, by their samples or by their names in lists of files."""
    recorded = (base.trained_on or TrainedOn()).recording
    known = [
        clip
        for clip in clips
        if (clip.name in facts and facts[clip.name].samples in recorded) or fingerprint(clip.name) in base.files
    ]
    if not known:
        return []
    held_out = [clip for clip in known if clip.split != TRAIN]
    return [
        Finding(
            Severity.ERROR if held_out else Severity.WARNING,
            CHECK,
            "base",
            f"{len(known)} of {len(clips)} recordings were in the base's training ({base.source}), "
            f"{len(held_out)} of them held out here",
            "these voices are not new to the base",
            "adapt to voices that it never heard, or choose another base",
            tuple(clip.name for clip in [*held_out, *(clip for clip in known if clip.split == TRAIN)]),
        )
    ]


def _count(groups: Sequence[Sequence[Clip]]) -> str:
    return f"{len(groups)} recording{'s stand' if len(groups) > 1 else ' stands'}"


def _pairs(groups: Sequence[Sequence[Clip]]) -> tuple[str, ...]:
    return tuple(" = ".join(f"{clip.name} ({clip.split})" for clip in group) for group in groups)
