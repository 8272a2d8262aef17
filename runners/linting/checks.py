"""All checks, in full for `runners/lint.py` and quickly at the start of every cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from metrics.judges.judge import Judges
from metrics.judges.language_codes import is_english
from metrics.statistics.planning import DEMO_VARIANCES
from runners.bases.base import Base
from runners.linting.audio_facts import Recordings, measure_all
from runners.linting.audio_findings import clipped, missing_or_unreadable, no_audio, short, silent
from runners.linting.finding import Finding, findings_table, worst_first
from runners.linting.known_base import KnownBase, known_bases
from runners.linting.listening import sample
from runners.linting.ranking_power import small_tests
from runners.linting.shared_recordings import shared_recordings
from runners.linting.shared_texts import shared_texts
from runners.linting.speakers import empty_speakers, shared_speakers, unbalanced_speakers
from runners.linting.spoken_language import detect_languages, wrong_language
from runners.linting.spoken_texts import differently_read
from runners.linting.transcripts import could_not_listen, disagreements, metric_for, transcribe
from runners.linting.unheard_symbols import unheard_symbols
from runners.training.devices import make_fabric
from runners.voices.english_sentences import untrained_sentences
from runners.voices.recorded_voices import say_what_was_found
from vits.common.atomic_files import write_atomically
from vits.common.bounds import check_fields
from vits.common.errors import InputError
from vits.common.quantities import Number, PositiveDifference, Weight
from vits.corpus.clip import Clip
from vits.corpus.corpus import Corpus
from vits.corpus.features import with_phonemes
from vits.corpus.split import SPARE, TRAIN
from vits.text.phonemizer import EspeakPhonemizer


@dataclass(frozen=True)
class Thresholds:
    """From where on the linter speaks.

    Whisper listens to `whisper_per_speaker` recordings of each speaker (None: all). A clip of which it mishears
    more than `max_wer` of the words is named. A test set should show that two strategies differ by
    `wer_difference` errors per word, and by the cosine `secs_difference`.
    """

    whisper_per_speaker: Number | None = 8
    max_wer: Weight = 0.5
    wer_difference: PositiveDifference = 0.05
    secs_difference: PositiveDifference = 0.05

    def __post_init__(self) -> None:
        check_fields(self, "")

    @property
    def worth_showing(self) -> dict[str, float]:
        """The differences that a test set should show, by metric."""
        return {"wer": self.wer_difference, "secs": self.secs_difference}


@dataclass(frozen=True)
class PlannedTest:
    """Of how many sentences of each voice a split is scored (0: all), and how many unrecorded ones each speaks."""

    per_speaker: Mapping[str, int] = field(default_factory=dict)
    test_texts: int = 0


@dataclass(frozen=True)
class Lint:
    """What is to be checked. `planned` says what of it will be scored."""

    corpus: Corpus
    base: Base
    planned: PlannedTest
    thresholds: Thresholds
    device: str
    cache_dir: Path
    out: Path | None


def lint(run: Lint) -> list[Finding]:
    """All findings on a corpus, errors first; Whisper listens to what it hasn't heard yet.

    Raises:
        InputError: the corpus or the base is malformed.
    """
    device = make_fabric(run.device, "32").device
    say_what_was_found(run.corpus)
    material = _gather(run.corpus, run.base, run.cache_dir)
    heard = _heard_clips(material, run.thresholds)
    said: list[Finding] = []
    if heard:
        judges = Judges(run.cache_dir, device)
        said = [*_transcribe(heard, run.corpus.language, judges), *detect_languages(heard, judges)]
    return worst_first([*_findings(material, run.corpus, run.planned, run.thresholds, run.cache_dir), *said])


def _transcribe(clips: Sequence[Clip], language: str, judges: Judges) -> list[Finding]:
    """Have the clips transcribed; says why, if in their language that can't be done."""
    metric = metric_for(language)
    try:
        transcribe([clip for clip in clips if clip.text], metric, judges, language)
    except InputError as error:
        if is_english(language):
            raise
        return [could_not_listen(error)]
    return []


def quick_findings(
    corpus: Corpus, base: Base, planned: PlannedTest, cache_dir: Path, thresholds: Thresholds | None = None
) -> list[Finding]:
    """The same without Whisper, except for what it said of these recordings before.

    Raises:
        InputError: the corpus or the base is malformed.
    """
    material = _gather(corpus, base, cache_dir)
    return worst_first(_findings(material, corpus, planned, thresholds or Thresholds(), cache_dir))


def write_findings(findings: Sequence[Finding], path: Path) -> None:
    """Write the table of findings as CSV; only a header if there are none.

    Raises:
        InputError: it can't be written there.
    """
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"can't write the findings to {path}: that is a folder, or in none; give another file")
    write_atomically(path, findings_table(findings).to_csv(index=False, lineterminator="\n").encode())


@dataclass(frozen=True)
class _Material:
    """What all checks look at."""

    clips: list[Clip]
    bases: list[KnownBase]
    recordings: Recordings


def _gather(corpus: Corpus, base: Base, cache_dir: Path) -> _Material:
    clips = _spoken(corpus, cache_dir)
    return _Material(clips, known_bases(corpus, base, cache_dir), measure_all(clips, cache_dir))


def _spoken(corpus: Corpus, cache_dir: Path) -> list[Clip]:
    """The clips with their phonemes, asked for split by split as a cell does, so that they are asked for once."""
    clips = [clip for clip in corpus.listed() if clip.split != SPARE]
    if all(clip.phonemes is not None for clip in clips):
        return clips
    phonemizer = EspeakPhonemizer(corpus.language)
    by_split = {split: [clip for clip in clips if clip.split == split] for split in {clip.split for clip in clips}}
    spoken = {
        clip.name: clip for members in by_split.values() for clip in with_phonemes(members, phonemizer, cache_dir)
    }
    return [spoken[clip.name] for clip in clips]


def _heard_clips(material: _Material, thresholds: Thresholds) -> list[Clip]:
    """The recordings that Whisper listens to: a sample of those that can be read."""
    readable = [clip for clip in material.clips if clip.name in material.recordings.facts]
    return sample(readable, thresholds.whisper_per_speaker)


def _findings(
    material: _Material, corpus: Corpus, planned: PlannedTest, thresholds: Thresholds, cache_dir: Path
) -> list[Finding]:
    """The findings of all checks, in the order in which a corpus should be mended."""
    clips, bases, facts = material.clips, material.bases, material.recordings.facts
    heard = _heard_clips(material, thresholds)
    untrained = untrained_sentences(corpus.language, (clip for clip in clips if clip.split == TRAIN))
    texts = [text for _, text in untrained[: planned.test_texts]]
    return [
        *missing_or_unreadable(clips, material.recordings),
        *shared_recordings(clips, facts, bases),
        *shared_texts(clips, bases),
        *differently_read(clips, corpus.language),
        *unheard_symbols(clips, bases),
        *shared_speakers(clips, bases),
        *empty_speakers(clips, bases),
        *unbalanced_speakers(clips, facts),
        *small_tests(clips, planned.per_speaker, DEMO_VARIANCES, thresholds.worth_showing, texts),
        *clipped(clips, facts),
        *silent(clips, facts),
        *short(clips, facts),
        *no_audio(clips, corpus.root),
        *(
            disagreements(heard, metric_for(corpus.language), cache_dir, corpus.language, thresholds.max_wer)
            if heard
            else []
        ),
        *wrong_language(heard, cache_dir, corpus.language),
    ]
