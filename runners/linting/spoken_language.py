"""Recordings in another language than the corpus says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from metrics.judges.faster_whisper_judge import FasterWhisperJudge
from metrics.judges.judge import Judges
from metrics.judges.language_codes import whisper_code
from metrics.judges.language_detection import KeptLanguage, LanguageJudge, SpokenLanguage
from runners.linting.finding import Finding, Severity, skipped
from runners.linting.listening import HeardCache, Wave, listen
from vits.common.errors import InputError
from vits.corpus.clip import Clip

CHECK = "language"
MODEL = "base"
SURE = 0.5  # probability from which another language is believed


def detect_languages(clips: Sequence[Clip], judges: Judges) -> list[Finding]:
    """Have the languages of those clips detected that weren't before; says why, if that can't be done."""
    cache = _cache(judges.cache_dir)
    if len(cache.known(clips)) == len(clips):
        return []
    try:
        judge = judges.get(LanguageJudge, MODEL)
    except InputError as error:
        return [skipped(CHECK, "corpus", f"the language spoken can't be detected ({error})", "check it by ear")]

    def detect(batch: Sequence[Clip], waves: Sequence[Wave]) -> Sequence[SpokenLanguage]:
        return judge.detect(waves)

    listen(clips, detect, "detecting languages", cache)
    return []


def wrong_language(clips: Sequence[Clip], cache_dir: Path, language: str) -> list[Finding]:
    """Clips in which another language than the corpus's was heard, as far as they were listened to."""
    known = _cache(cache_dir).known(clips)
    heard = {clip.name: SpokenLanguage(**known[clip.name]) for clip in clips if clip.name in known}  # pyright: ignore[reportArgumentType]
    expected = whisper_code(language)
    wrong = [
        clip
        for clip in clips
        if clip.name in heard and heard[clip.name].code != expected and heard[clip.name].probability >= SURE
    ]
    wrong.sort(key=lambda clip: heard[clip.name].probability, reverse=True)
    if not wrong:
        return []
    return [
        Finding(
            Severity.WARNING,
            CHECK,
            ", ".join(sorted({str(clip.split) for clip in wrong})),
            f"{len(wrong)} of {len(heard)} recordings that Whisper listened to are in another language than {expected}",
            "their phonemes are made by the wrong rules, and the voice learns a foreign accent or nonsense",
            f"remove them, or set data.language (now {language})",
            tuple(f"{clip.name}: {heard[clip.name].code} ({heard[clip.name].probability:.2f})" for clip in wrong),
        )
    ]


def _cache(cache_dir: Path) -> HeardCache:
    checksums = [weights.sha256 for weights in FasterWhisperJudge.weights_named(MODEL)]
    return HeardCache(cache_dir, " ".join(["language", *checksums]), KeptLanguage)
