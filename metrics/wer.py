"""WER: can every word be understood?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from metrics.judges import Judges
from metrics.metric import Enrolment, Metric, Score, Scorer, Utterance, mean_of_defined
from metrics.weights import Weights, find_weights
from metrics.whisper_judge import Transcript, WhisperJudge
from vits.registry import register

REPEATS_ITSELF = 2.4  # compression ratio above which Whisper's authors call a text a loop
SILENCE = np.zeros(0, dtype=np.float32)
NO_SPEECH = 0.6  # probability above which they call a window silent


@register("metrics", "wer")
@dataclass(frozen=True)
class WordErrorRate(Metric):
    """Word error rate, lower is better: what Whisper hears against what should have been said.

    Errors per word of the reference, 0 and up (more than 1 where words are invented). Both sides pass through
    Whisper's English normaliser first (case, punctuation, spelling variants, numbers). Several utterances
    combine as a corpus: all errors over all words. Where nothing is heard, and where there is no sound at
    all, every word is deleted.

    Hallucinated transcripts (see `hallucination`) are flagged and counted, never dropped: badly synthesised
    speech makes Whisper invent, and leaving those out would flatter it. NaN only where
    the reference has no words.

    Radford et al. 2023, https://arxiv.org/abs/2212.04356, appendix C (normaliser).
    """

    name: ClassVar[str] = "wer"
    unit: ClassVar[str] = "errors per reference word"
    higher_is_better: ClassVar[bool] = False
    components: ClassVar[tuple[str, ...]] = (
        "wer_substitutions",
        "wer_deletions",
        "wer_insertions",
        "wer_reference_words",
        "wer_hallucinated",
    )

    model: str = "tiny.en"

    def __post_init__(self) -> None:
        find_weights("whisper", self.model)

    @property
    def weights(self) -> tuple[Weights, ...]:
        return (find_weights("whisper", self.model),)

    def prepare(self, enrolment: Enrolment, judges: Judges) -> Scorer:
        from whisper.normalizers import EnglishTextNormalizer

        whisper, normaliser = judges.get(WhisperJudge, self.model), EnglishTextNormalizer()

        def words(text: str) -> str:
            return without_punctuation(normaliser(text))

        def score(batch: Sequence[Utterance]) -> list[Score]:
            transcripts = whisper.transcribe([u.wave_16k if u.is_sound else SILENCE for u in batch])
            return [
                score_transcript(transcript, count_errors(words(utterance.text), words(transcript.text)))
                for utterance, transcript in zip(batch, transcripts, strict=True)
            ]

        return score

    def summarise(self, rows: pd.DataFrame) -> dict[str, float]:
        """Corpus rates: errors of each kind per reference word, the words, the share of hallucinations."""
        kinds = ["wer_substitutions", "wer_deletions", "wer_insertions"]
        counts = rows.dropna(subset=["wer"])[[*kinds, "wer_reference_words"]].to_numpy(dtype=np.float64)
        *errors, words = counts.sum(axis=0).tolist()
        rates = {kind: number / words if words else math.nan for kind, number in zip(kinds, errors, strict=True)}
        return {
            "wer": sum(errors) / words if words else math.nan,
            **rates,
            "wer_reference_words": words,
            "wer_hallucinated": mean_of_defined(rows["wer_hallucinated"]),
        }


def without_punctuation(text: str) -> str:
    """The words of a text that contain a letter or a digit.

    Whisper's normaliser leaves a single dot of "...", which Whisper likes to hear in noise.
    """
    return " ".join(word for word in text.split() if any(letter.isalnum() for letter in word))


@dataclass(frozen=True)
class WordErrors:
    """How two texts differ, in words of the alignment with the fewest errors."""

    substitutions: int
    deletions: int
    insertions: int
    reference_words: int

    @property
    def rate(self) -> float:
        """Errors per reference word; NaN where the reference has none."""
        errors = self.substitutions + self.deletions + self.insertions
        return errors / self.reference_words if self.reference_words else math.nan


def count_errors(reference: str, hypothesis: str) -> WordErrors:
    """The word errors of a hypothesis; both texts already normalised."""
    import jiwer

    words = len(reference.split())
    if not words:
        return WordErrors(0, 0, len(hypothesis.split()), 0)
    aligned = jiwer.process_words(reference, hypothesis)
    return WordErrors(aligned.substitutions, aligned.deletions, aligned.insertions, words)


def hallucination(transcript: Transcript, errors: WordErrors) -> str | None:
    """Why a transcript can't be what was spoken, or None.

    - "loop": its compression ratio is above 2.4, so it repeats itself (Whisper's own threshold, section 4.5);
    - "invented": more words are inserted than the reference has;
    - "silence": text was heard where the probability of no speech is above 0.6.
    """
    if transcript.compression_ratio > REPEATS_ITSELF:
        return "loop"
    if errors.insertions > errors.reference_words > 0:
        return "invented"
    if transcript.text and transcript.no_speech_probability > NO_SPEECH:
        return "silence"
    return None


def score_transcript(transcript: Transcript, errors: WordErrors) -> Score:
    """The values of one utterance: its rate, its counts, 1 if hallucinated; its transcript as a note."""
    reason = hallucination(transcript, errors)
    notes = {"transcript": transcript.text}
    if reason is not None:
        notes["hallucination"] = reason
    values = {
        "wer": errors.rate,
        "wer_substitutions": float(errors.substitutions),
        "wer_deletions": float(errors.deletions),
        "wer_insertions": float(errors.insertions),
        "wer_reference_words": float(errors.reference_words),
        "wer_hallucinated": float(reason is not None),
    }
    return Score(values, notes)
