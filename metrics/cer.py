"""CER: how much of what is said can be understood, letter by letter?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from metrics.error_rate import ErrorRate, Errors, error_components
from metrics.judges.language_codes import separates_words
from metrics.judges.transcriber import Transcriber
from metrics.judges.whisper_judge import WhisperJudge
from vits.common.registry import register


@register("metrics", "cer")
@dataclass(frozen=True)
class CharacterErrorRate(ErrorRate):
    """Character error rate, lower is better: what Whisper hears against what should have been said.

    Errors per character of the reference, spaces between words included (in languages that don't separate words there
    are none); 0 and up. The transcripts and their
    normalisation are those of WER, and both metrics together transcribe once. A word that is almost right
    costs a letter here and a whole word there, so with few sentences it is the less noisy of the two. Several
    utterances combine as a corpus. Where nothing is heard every character is deleted; NaN only where the
    reference has none.

    Radford et al. 2023, https://arxiv.org/abs/2212.04356, appendix C (normaliser).
    """

    name: ClassVar[str] = "cer"
    unit: ClassVar[str] = "errors per reference character"
    margin: ClassVar[float] = 0.03
    components: ClassVar[tuple[str, ...]] = error_components("cer", "characters")
    weight: ClassVar[str | None] = "cer_reference_characters"
    judge: ClassVar[str | None] = "whisper-tiny.en"
    transcriber: ClassVar[type[Transcriber]] = WhisperJudge

    version: ClassVar[int] = ErrorRate.version + 1  # before, blanks between the letters of Chinese were counted

    model: str = "tiny.en"

    def normaliser(self, language: str) -> Callable[[str], str]:
        """The same as for words, and without the blanks that stand between letters where words aren't separated."""
        normalised = super().normaliser(language)
        return normalised if separates_words(language) else lambda text: normalised(text).replace(" ", "")

    def count(self, reference: str, hypothesis: str) -> Errors:
        return count_character_errors(reference, hypothesis)


def count_character_errors(reference: str, hypothesis: str) -> Errors:
    """The character errors of a hypothesis; both texts already normalised."""
    import jiwer

    if not reference:
        return Errors(0, 0, len(hypothesis), 0)
    aligned = jiwer.process_characters(reference, hypothesis)
    return Errors(aligned.substitutions, aligned.deletions, aligned.insertions, len(reference))
