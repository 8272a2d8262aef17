"""WER as a larger judge hears it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from metrics.error_rate import error_components
from metrics.judges.faster_whisper_judge import FasterWhisperJudge
from metrics.judges.transcriber import Transcriber
from metrics.wer import WordErrorRate
from vits.common.registry import register


@register("metrics", "wer_faster_whisper")
@dataclass(frozen=True)
class FasterWhisperWordErrorRate(WordErrorRate):
    """Word error rate by faster-whisper, lower is better; see `WordErrorRate` for all but the judge.

    The judge is Whisper base, multilingual and told which language to hear, with 8-bit weights; on a CPU it takes twice
    the time of tiny.en. It errs elsewhere than tiny.en does, so its values have a name of their own. Needs
    `pip install 'voicegrid[faster-whisper]'`.
    """

    name: ClassVar[str] = "wer_fw_base"
    components: ClassVar[tuple[str, ...]] = (*error_components("wer_fw_base", "words"), "wer_fw_base_hallucinated")
    weight: ClassVar[str | None] = "wer_fw_base_reference_words"
    judge: ClassVar[str | None] = "faster-whisper-base-int8"
    transcriber: ClassVar[type[Transcriber]] = FasterWhisperJudge

    model: str = "base"

    def note_name(self, note: str) -> str:
        return f"{self.name}_{note}"
