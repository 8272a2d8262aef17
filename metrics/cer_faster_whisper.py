"""CER as a larger judge hears it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from metrics.cer import CharacterErrorRate
from metrics.error_rate import error_components
from metrics.judges.faster_whisper_judge import FasterWhisperJudge
from metrics.judges.transcriber import Transcriber
from vits.common.registry import register


@register("metrics", "cer_faster_whisper")
@dataclass(frozen=True)
class FasterWhisperCharacterErrorRate(CharacterErrorRate):
    """Character error rate by faster-whisper, lower is better; see `CharacterErrorRate` for all but the judge.

    The transcripts are those of `wer_faster_whisper`, and both together transcribe once. It hears the languages that
    don't separate words, too. Needs `pip install 'voicegrid[faster-whisper]'`.
    """

    name: ClassVar[str] = "cer_fw_base"
    components: ClassVar[tuple[str, ...]] = error_components("cer_fw_base", "characters")
    weight: ClassVar[str | None] = "cer_fw_base_reference_characters"
    judge: ClassVar[str | None] = "faster-whisper-base-int8"
    transcriber: ClassVar[type[Transcriber]] = FasterWhisperJudge

    model: str = "base"
