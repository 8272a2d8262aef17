"""WER: can every word be understood?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from metrics.error_rate import ErrorRate, Errors, error_components
from metrics.judges.transcriber import Transcriber, Transcript
from metrics.judges.whisper_judge import WhisperJudge
from metrics.metric import Score
from vits.common.registry import register

REPEATS_ITSELF = 2.4  # compression ratio above which Whisper's authors call a text a loop
NO_SPEECH = 0.6  # probability above which they call a window silent


@register("metrics", "wer")
@dataclass(frozen=True)
class WordErrorRate(ErrorRate):
    """Word error rate, lower is better: what Whisper hears against what should have been said.

    Errors per word of the reference, 0 and up (more than 1 where words are invented). The language is the corpus's; in
    one that doesn't separate words, each letter counts as one. Both sides pass through Whisper's normaliser first, for
    English (case, punctuation, spelling variants, numbers), from which words in brackets
    are saved: they are spoken, too. Several utterances
    combine as a corpus: all errors over all words. Where nothing is heard, and where there is no sound at
    all, every word is deleted.

    Hallucinated transcripts (see `hallucination`) are flagged and counted, never dropped: badly synthesised
    speech makes Whisper invent, and leaving those out would flatter it. NaN only where
    the reference has no words.

    Radford et al. 2023, https://arxiv.org/abs/2212.04356, appendix C (normaliser).
    """

    name: ClassVar[str] = "wer"
    unit: ClassVar[str] = "errors per reference word"
    components: ClassVar[tuple[str, ...]] = (*error_components("wer", "words"), "wer_hallucinated")
    weight: ClassVar[str | None] = "wer_reference_words"
    judge: ClassVar[str | None] = "whisper-tiny.en"
    transcriber: ClassVar[type[Transcriber]] = WhisperJudge

    model: str = "tiny.en"

    def count(self, reference: str, hypothesis: str) -> Errors:
        return count_errors(reference, hypothesis)

    def score(self, transcript: Transcript, errors: Errors) -> Score:
        """Its rate, its counts, 1 if hallucinated; what was heard, and why it can't be, as notes."""
        reason = hallucination(transcript, errors)
        notes = {"transcript": transcript.text}
        if reason is not None:
            notes["hallucination"] = reason
        values = {**super().score(transcript, errors).values, self.components[-1]: float(reason is not None)}
        return Score(values, {self.note_name(note): text for note, text in notes.items()})

    def note_name(self, note: str) -> str:
        """What a note is called in the results."""
        return note


def count_errors(reference: str, hypothesis: str) -> Errors:
    """The word errors of a hypothesis; both texts already normalised."""
    import jiwer

    words = len(reference.split())
    if not words:
        return Errors(0, 0, len(hypothesis.split()), 0)
    aligned = jiwer.process_words(reference, hypothesis)
    return Errors(aligned.substitutions, aligned.deletions, aligned.insertions, words)


def hallucination(transcript: Transcript, errors: Errors) -> str | None:
    """Why a transcript can't be what was spoken, or None; `errors` are in words.

    - "loop": its compression ratio is above 2.4, so it repeats itself (Whisper's own threshold, section 4.5);
    - "invented": more words are inserted than the reference has;
    - "silence": text was heard where the probability of no speech is above 0.6.
    """
    if transcript.compression_ratio > REPEATS_ITSELF:
        return "loop"
    if errors.insertions > errors.reference_length > 0:
        return "invented"
    if transcript.text and transcript.no_speech_probability > NO_SPEECH:
        return "silence"
    return None
