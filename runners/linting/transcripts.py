"""Recordings in which Whisper hears something else than the corpus says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from metrics.judges.judge import Judges
from metrics.judges.language_codes import is_english, whisper_code
from metrics.metric import KeptScore, KnownVoices, Score, Utterance
from metrics.wer import WordErrorRate
from metrics.wer_faster_whisper import FasterWhisperWordErrorRate
from runners.linting.finding import Finding, Severity, skipped
from runners.linting.listening import JUDGED_RATE, HeardCache, Wave, listen
from vits.common.errors import InputError
from vits.corpus.clip import Clip

CHECK = "transcripts"
MISHEARD = 0.3  # of a speaker's words; clear read speech loses one in ten or less


@dataclass(frozen=True)
class Misheard:
    """A clip, its word error rate (0 and up), its words, and what was heard."""

    clip: Clip
    wer: float
    errors: float
    words: float
    heard: str


def metric_for(language: str) -> WordErrorRate:
    """The one whose judge hears that language."""
    return WordErrorRate() if is_english(language) else FasterWhisperWordErrorRate()


def transcribe(clips: Sequence[Clip], metric: WordErrorRate, judges: Judges, language: str = "en-us") -> None:
    """Have the clips transcribed that weren't before.

    Raises:
        InputError: the judge's weights can't be fetched or don't hear the language, or a recording can't be read.
    """
    cache = _cache(metric, judges.cache_dir, language)
    if len(cache.known(clips)) == len(clips):
        return  # so that the judge needn't be loaded
    scorer = metric.prepare(KnownVoices(enrolment={}, language=language), judges)

    def judge(batch: Sequence[Clip], waves: Sequence[Wave]) -> Sequence[Score]:
        spoken = zip(batch, waves, strict=True)
        return scorer([Utterance(clip.name, clip.speaker, clip.text, wave, JUDGED_RATE) for clip, wave in spoken])

    listen(clips, judge, "transcribing", cache)


def could_not_listen(error: InputError) -> Finding:
    """That a judge can't be had."""
    return skipped(CHECK, "corpus", f"the recordings can't be transcribed ({error})", "check the texts by ear")


def disagreements(
    clips: Sequence[Clip], metric: WordErrorRate, cache_dir: Path, language: str, max_wer: float
) -> list[Finding]:
    """Clips and speakers that Whisper mishears, as far as it has listened to them."""
    try:
        metric.check_language(language)
    except InputError as error:
        return [skipped(CHECK, "corpus", f"transcripts can't be checked ({error})", "compare by other metrics")]
    spelled = [clip for clip in clips if clip.text]
    known = _cache(metric, cache_dir, language).known(spelled)
    heard = [_misheard(clip, known[clip.name], metric) for clip in spelled if clip.name in known]
    return [*_unheard(len(clips), len(spelled), len(heard)), *_worst(heard, max_wer), *_speakers(heard)]


def _misheard(clip: Clip, said: Mapping[str, object], metric: WordErrorRate) -> Misheard:
    score = Score(**said)  # pyright: ignore[reportArgumentType]
    *kinds, words = (score.values[name] for name in metric.components[:4])
    return Misheard(clip, score.values[metric.name], sum(kinds), words, score.notes[metric.note_name("transcript")])


def _cache(metric: WordErrorRate, cache_dir: Path, language: str) -> HeardCache:
    """What the judge heard, told which language it is."""
    told = "" if is_english(language) else f" {whisper_code(language)}"
    return HeardCache(cache_dir, metric.identity + told, KeptScore)


def _unheard(n_clips: int, n_spelled: int, n_heard: int) -> list[Finding]:
    if not n_spelled:
        remedy = "set data.transcripts to a table of spellings (id<TAB>text) in the folder of the lists"
        return [skipped(CHECK, "corpus", "no clip has a spelling, so words can't be checked or WER be scored", remedy)]
    if n_heard == n_spelled:
        return []
    what = f"Whisper has not listened to {n_spelled - n_heard} of the {n_clips} recordings of its sample"
    return [skipped(CHECK, "corpus", what, "run runners/lint.py with this data once")]


def _worst(heard: Sequence[Misheard], max_wer: float) -> list[Finding]:
    worst = sorted((one for one in heard if one.wer > max_wer), key=lambda one: one.wer, reverse=True)
    if not worst:
        return []
    return [
        Finding(
            Severity.WARNING,
            CHECK,
            ", ".join(sorted({str(one.clip.split) for one in worst})),
            f"in {len(worst)} of {len(heard)} recordings that it listened to, Whisper mishears more than "
            f"{100 * max_wer:.0f} % of the words",
            "either the text is not what is spoken, and the voice learns wrong words, or the judge can't judge them",
            "listen to them; correct the text or remove the clip",
            tuple(f"{m.clip.name}: WER {m.wer:.2f}, heard {m.heard!r} for {m.clip.text!r}" for m in worst),
        )
    ]


def _speakers(heard: Sequence[Misheard]) -> list[Finding]:
    """Speakers of whom too many words are misheard, all their clips together."""
    of_speaker: dict[str, list[Misheard]] = defaultdict(list)
    for one in heard:
        of_speaker[one.clip.speaker].append(one)
    rates = {
        speaker: sum(one.errors for one in clips) / max(sum(one.words for one in clips), 1)
        for speaker, clips in of_speaker.items()
    }
    bad = sorted((speaker for speaker in rates if rates[speaker] > MISHEARD), key=lambda s: rates[s], reverse=True)
    if not bad:
        return []
    return [
        Finding(
            Severity.WARNING,
            CHECK,
            "speakers",
            f"of {len(bad)} of {len(rates)} speakers Whisper mishears more than {100 * MISHEARD:.0f} % of the words "
            "in real recordings",
            "no synthesis of such a voice can be expected to do better, so its WER says little",
            "check language, noise and texts of the speaker; if all are right, compare by other metrics",
            tuple(f"{speaker}: WER {rates[speaker]:.2f}" for speaker in bad),
        )
    ]
