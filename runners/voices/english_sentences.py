"""Sentences of the project's own, which new voices speak beside those that they recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from runners.voices.recorded_voices import Voices
from runners.voices.unrecorded_sentences import without_recordings
from vits.corpus.clip import Clip
from vits.corpus.features import PreparedUtterance
from vits.corpus.roots import project_root
from vits.corpus.split import VALIDATION
from vits.model_spec import ModelSpec

ENGLISH = "en"  # begins espeak's codes of all its accents
LISTED = Path("assets", "test_sentences", "english.txt")


def sentences(language: str) -> dict[str, str]:
    """The listed sentences by name, which is their line's number; none for another language than English."""
    if language.split("-")[0] != ENGLISH:
        return {}
    lines = (project_root() / LISTED).read_text(encoding="utf-8").splitlines()
    return {f"english/{number:03}": line for number, line in enumerate(lines, start=1)}


def untrained_sentences(language: str, trained: Iterable[Clip]) -> list[tuple[str, str]]:
    """Name and text of the listed sentences that none of those clips says."""
    said = {clip.sentence for clip in trained}
    return [(name, text) for name, text in sentences(language).items() if _sentence(text) not in said]


def with_english_sentences(
    voices: Voices, language: str, spec: ModelSpec, cache_dir: Path, *, texts: int, split: str, validation: int
) -> Voices:
    """The voices with `texts` more sentences to speak in a split of their own, and as many more as make
    `validation` of each voice's validation sentences.

    Every voice speaks the same ones: the first of the list as texts, the last for validation, and none that a voice
    is trained on. `spec` is the model that is to speak.
    """
    names = untrained_sentences(language, voices.train.clips)
    tested, rest = names[:texts], names[texts:][::-1]
    lacking = _lacking(voices, validation)
    clips = [_clip(speaker, named, split) for speaker in voices.speakers for named in tested]
    clips += [_clip(speaker, named, VALIDATION) for speaker in voices.speakers for named in rest[: lacking[speaker]]]
    unrecorded: dict[str, list[PreparedUtterance]] = {}
    for item in without_recordings(clips, language, spec, cache_dir):
        unrecorded.setdefault(str(item.clip.split), []).append(item)
    return replace(voices, unrecorded=unrecorded)


def further_sentences(
    voices: Voices,
    language: str,
    spec: ModelSpec,
    cache_dir: Path,
    *,
    beyond: int,
    count: int,
    split: str,
    validation: int,
) -> list[PreparedUtterance]:
    """The next `count` listed sentences in every voice, after the first `beyond` and before those that
    `with_english_sentences` takes for validation; fewer where there are no more.
    """
    names = untrained_sentences(language, voices.train.clips)
    kept = max(_lacking(voices, validation).values(), default=0)
    chosen = names[beyond : max(beyond, len(names) - kept)][:count]
    clips = [_clip(speaker, named, split) for speaker in voices.speakers for named in chosen]
    return without_recordings(clips, language, spec, cache_dir)


def _lacking(voices: Voices, validation: int) -> dict[str, int]:
    """How many sentences each voice lacks to validate on so many."""
    recorded = Counter(item.clip.speaker for item in voices.held_out.get(VALIDATION, []))
    return {speaker: max(0, validation - recorded[speaker]) for speaker in voices.speakers}


def _clip(speaker: str, named: tuple[str, str], split: str) -> Clip:
    name, text = named
    return Clip(Path(), speaker, text, name, split=split)


def _sentence(text: str) -> str:
    return Clip(Path(), "", text, "").sentence
