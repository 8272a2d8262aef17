"""Error rates of what was heard against what should have been said."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from metrics.judges.judge import Judges
from metrics.judges.judge_weights import Weights
from metrics.judges.language_codes import check_known_to_whisper, is_english, separates_words, whisper_code
from metrics.judges.transcriber import Transcriber, Transcript
from metrics.metric import Columns, KnownVoices, Metric, Score, Scorer, Utterance
from vits.common.errors import InputError
from vits.text.cleaning import visible

SILENCE = np.zeros(0, dtype=np.float32)
_BRACKETS = "()[]{}<>（）［］｛｝＜＞⟨⟩〈〉《》「」『』【】〔〕"
_NO_BRACKETS = str.maketrans(dict.fromkeys(_BRACKETS, " "))
_READ_ALOUD = str.maketrans({"&": " and ", "＆": " and "})
KINDS = ("substitutions", "deletions", "insertions")


@dataclass(frozen=True)
class Errors:
    """How two texts differ, in units (words or characters) of the alignment with the fewest errors."""

    substitutions: int
    deletions: int
    insertions: int
    reference_length: int

    @property
    def rate(self) -> float:
        """Errors per unit of the reference; NaN where it has none."""
        errors = self.substitutions + self.deletions + self.insertions
        return errors / self.reference_length if self.reference_length else math.nan


@dataclass(frozen=True)
class ErrorRate(Metric):
    """Errors per unit of the reference, as a judge that transcribes hears them.

    A subclass names the judge, the unit and what else it says of a transcript. Its components are those of
    `error_components`, first the three kinds of errors, and any others after them.
    """

    transcriber: ClassVar[type[Transcriber]]
    higher_is_better: ClassVar[bool] = False
    range: ClassVar[tuple[float, float]] = (0.0, math.inf)
    judges_base_voices: ClassVar[bool] = True
    version: ClassVar[int] = 3  # 1 had the words in brackets deleted, 2 computed all of the silence behind a clip

    model: str

    def __post_init__(self) -> None:
        self.transcriber.weights_named(self.model)

    @property
    def weights(self) -> tuple[Weights, ...]:
        return self.transcriber.weights_named(self.model)

    @property
    def judge_name(self) -> str | None:
        return None if self.judge is None else self.judge.replace(type(self).model, self.model)

    def check_language(self, language: str) -> None:
        if is_english(language):
            return
        if self.transcriber.hears_english_alone(self.model):
            other = "wer_faster_whisper" if separates_words(language) else "cer_faster_whisper"
            raise InputError(
                f"Whisper {self.model} hears English alone, and data.language={language}; set metrics.{self.name}."
                "model to a multilingual one (tiny, base, small, medium, large-v3, turbo), or score by another judge, "
                f"such as metrics=[{other},secs,secs_ge2e]"
            )
        check_known_to_whisper(language)

    def normaliser(self, language: str) -> Callable[[str], str]:
        """What makes both texts alike before they are compared."""
        return normaliser_of(language)

    @abstractmethod
    def count(self, reference: str, hypothesis: str) -> Errors:
        """The errors of a hypothesis; both texts already normalised."""

    def score(self, transcript: Transcript, errors: Errors) -> Score:
        """The values of one utterance: its rate and its counts."""
        counts = (errors.substitutions, errors.deletions, errors.insertions, errors.reference_length)
        named = dict(zip(self.components, map(float, counts), strict=False))
        return Score({self.name: errors.rate, **named})

    def prepare(self, known: KnownVoices, judges: Judges) -> Scorer:
        self.check_language(known.language)
        judge, normalised = judges.get(self.transcriber, self.model), self.normaliser(known.language)
        language = whisper_code(known.language)

        def score(batch: Sequence[Utterance]) -> list[Score]:
            transcripts = judge.transcribe([u.wave_16k if u.is_sound else SILENCE for u in batch], language)
            return [
                self.score(transcript, self.count(normalised(utterance.text), normalised(transcript.text)))
                for utterance, transcript in zip(batch, transcripts, strict=True)
            ]

        return score

    def summarise(self, rows: Columns) -> dict[str, float]:
        """Corpus rates: errors of each kind per unit of all references, and how long those are together."""
        kinds, length = list(self.components[:3]), self.components[3]
        scored = ~np.isnan(rows[self.name])
        *errors, units = (float(rows[count][scored].sum()) for count in (*kinds, length))
        rates = {kind: number / units if units else math.nan for kind, number in zip(kinds, errors, strict=True)}
        return {**super().summarise(rows), **rates, length: units}


def error_components(name: str, units: str) -> tuple[str, ...]:
    """The names of the counts that make up an error rate."""
    return (*(f"{name}_{kind}" for kind in KINDS), f"{name}_reference_{units}")


def normaliser_of(language: str) -> Callable[[str], str]:
    """Whisper's normaliser on what is spoken of a text: the English one, or for other languages the basic one.

    The basic one makes case and punctuation alike, and neither numbers nor spellings. Where words aren't separated
    every letter is a word, so that a word error rate there is one of letters: Radford et al. 2023,
    https://arxiv.org/abs/2212.04356, appendix C.
    """
    if is_english(language):
        return english_normaliser()
    from whisper.normalizers import BasicTextNormalizer

    normaliser = BasicTextNormalizer(split_letters=not separates_words(language))
    return lambda text: without_punctuation(normaliser(without_brackets(text)))


def english_normaliser() -> Callable[[str], str]:
    """Whisper's English normaliser on what is spoken of a text, and no lone punctuation.

    Case, punctuation, spelling variants and numbers are made alike: Radford et al. 2023,
    https://arxiv.org/abs/2212.04356, appendix C.
    """
    from whisper.normalizers import EnglishTextNormalizer

    normaliser = EnglishTextNormalizer()
    return lambda text: without_punctuation(normaliser(as_spoken(text)))


def as_spoken(text: str) -> str:
    """The text with blanks for its brackets, "and" for &, and without invisible characters.

    Whisper's normaliser deletes what stands in brackets, as transcripts of films describe sounds there; a voice
    reads those words.
    """
    return without_brackets(text).translate(_READ_ALOUD)


def without_brackets(text: str) -> str:
    """The text with blanks for its brackets, and without invisible characters."""
    return visible(text).translate(_NO_BRACKETS)


def without_punctuation(text: str) -> str:
    """The words of a text that contain a letter or a digit.

    Whisper's normaliser leaves a single dot of "...", which Whisper likes to hear in noise.
    """
    return " ".join(word for word in text.split() if any(letter.isalnum() for letter in word))
