"""Recordings that are missing, unreadable, cut off at full scale, silent or too short."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from runners.linting.audio_facts import AudioFacts, Recordings
from runners.linting.finding import Finding, Severity, skipped
from vits.corpus.clip import Clip

CLIPPED = 1e-4  # of the samples: 0.1 ms in each second, which is when it becomes audible as a crackle
SILENT_DB = -50.0  # below full scale; quiet speech is near -30, the noise of a quiet room near -60
SHORT_S = 0.5  # two syllables


def no_audio(clips: Sequence[Clip], root: str) -> list[Finding]:
    """That nothing could be listened to, where no recording is there."""
    if any(clip.path.is_file() for clip in clips):
        return []
    return [
        skipped(
            "audio",
            root,
            f"none of the {len(clips):,} recordings is below this folder, so none was listened to",
            "set data.root to the recordings",
        )
    ]


def missing_or_unreadable(clips: Sequence[Clip], recordings: Recordings) -> list[Finding]:
    """Files without which the corpus can't be used."""
    missing = tuple(clip.name for clip in clips if not clip.path.is_file())
    findings = []
    if missing and len(missing) < len(clips):
        findings.append(
            Finding(
                Severity.ERROR,
                "missing audio",
                "corpus",
                f"{len(missing)} of {len(clips)} recordings are missing",
                "no run can start",
                "correct the list or restore the files",
                missing,
            )
        )
    if recordings.unreadable:
        findings.append(
            Finding(
                Severity.ERROR,
                "unreadable audio",
                "corpus",
                f"{len(recordings.unreadable)} of {len(clips)} recordings can't be read",
                "no run can start",
                "export them again or remove them from the list",
                tuple(recordings.unreadable.values()),
            )
        )
    return findings


def clipped(clips: Sequence[Clip], facts: Mapping[str, AudioFacts]) -> list[Finding]:
    """Recordings whose loud parts were cut off."""
    return _told(
        clips,
        facts,
        "clipped audio",
        lambda fact: fact.clipped,
        CLIPPED,
        lambda fact: f"{100 * fact.clipped:.2f} % of the samples",
        ("are cut off at their loudest", "the voice learns to crackle", "record them again with less gain"),
    )


def silent(clips: Sequence[Clip], facts: Mapping[str, AudioFacts]) -> list[Finding]:
    """Recordings in which nobody speaks."""
    return _told(
        clips,
        facts,
        "silent audio",
        lambda fact: -fact.loudest_db,
        -SILENT_DB,
        lambda fact: f"loudest 50 ms at {fact.loudest_db:.0f} dBFS",
        (f"are silent (below {SILENT_DB:.0f} dBFS)", "the voice learns to say nothing", "record or remove them"),
    )


def short(clips: Sequence[Clip], facts: Mapping[str, AudioFacts]) -> list[Finding]:
    """Recordings that hold hardly a word."""
    return _told(
        clips,
        facts,
        "short audio",
        lambda fact: -fact.duration_s,
        -SHORT_S,
        lambda fact: f"{fact.duration_s:.2f} s",
        (
            f"are shorter than {SHORT_S} s",
            "training leaves out what is shorter than its segments, and judges can't tell a voice from so little",
            "remove them, or check that they weren't cut",
        ),
    )


def _told(
    clips: Sequence[Clip],
    facts: Mapping[str, AudioFacts],
    check: str,
    badness: Callable[[AudioFacts], float],
    allowed: float,
    shown: Callable[[AudioFacts], str],
    words: tuple[str, str, str],
) -> list[Finding]:
    """The finding on clips that are worse than allowed, worst first."""
    measured = [clip for clip in clips if clip.name in facts]
    bad = [clip for clip in measured if badness(facts[clip.name]) > allowed]
    if not bad:
        return []
    bad.sort(key=lambda clip: badness(facts[clip.name]), reverse=True)
    what, why, remedy = words
    concerned = tuple(f"{clip.name}: {shown(facts[clip.name])}" for clip in bad)
    return [
        Finding(
            Severity.WARNING,
            check,
            ", ".join(sorted({str(clip.split) for clip in bad})),
            f"{len(bad)} of {len(measured)} recordings {what}",
            why,
            remedy,
            concerned,
        )
    ]
