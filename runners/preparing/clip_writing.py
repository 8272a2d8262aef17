"""A piece of a recording becomes a clip of the corpus, or is left out with the reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from runners.linting.audio_facts import measure
from runners.linting.audio_findings import CLIPPED
from runners.preparing.loudness import amplified, gain_to_target_db, loudness_lufs
from runners.preparing.spoken_pieces import Piece
from runners.preparing.voice_activity import Span
from runners.preparing.wada_snr import wada_snr_db
from vits.common.names import file_stem
from vits.corpus.audio import write_audio

CLIP, LEFT_OUT, PAUSE = "clip", "left out", "pause"
CLIPS = "clips"


@dataclass(frozen=True)
class Part:
    """What became of a stretch of a recording: a row of prepared.csv.

    `snr_db` and `loudness_lufs` are of the recording, `gain_db` is what it was raised by; NaN where nothing was
    measured.
    """

    source: str
    speaker: str
    start_s: float
    end_s: float
    outcome: str
    reason: str = ""
    path: str = ""
    split: str = ""
    text_by: str = ""
    text: str = ""
    snr_db: float = np.nan
    loudness_lufs: float = np.nan
    gain_db: float = np.nan

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s


def clip_of(
    piece: Piece, part: Part, wave: Float32[np.ndarray, "samples"], sample_rate: int, min_snr_db: float, out: Path
) -> Part:
    """Write a piece of a wave as a clip, levelled, if it fits; `part` says which stretch of which recording it is."""
    if piece.objection:
        return replace(part, reason=piece.objection)
    cut = wave[round(piece.span.start_s * sample_rate) : round(piece.span.end_s * sample_rate)]
    snr, loudness = wada_snr_db(cut), loudness_lufs(cut, sample_rate)
    part = replace(part, snr_db=round(snr, 1), loudness_lufs=round(loudness, 1))
    reason = _objection(measure(cut, sample_rate).clipped, snr, loudness, min_snr_db)
    if reason:
        return replace(part, reason=reason)
    gain = gain_to_target_db(cut, loudness)
    write_audio(out / part.path, amplified(cut, gain), sample_rate)
    return replace(part, outcome=CLIP, gain_db=round(gain, 1))


def _objection(clipped: float, snr: float, loudness: float, min_snr_db: float) -> str:
    if not np.isfinite(loudness):
        return "too quiet to measure"
    if clipped > CLIPPED:
        return f"{100 * clipped:.2g} % of the samples are cut off"
    return f"noisy (SNR {snr:.0f} dB, below {min_snr_db:g})" if snr < min_snr_db else ""


def part_of(piece: Piece, number: int, source: str, speaker: str) -> Part:
    """The row of a piece before anything is decided; its path is that of the clip that it may become."""
    return Part(
        source=source,
        speaker=speaker,
        start_s=piece.span.start_s,
        end_s=piece.span.end_s,
        outcome=LEFT_OUT,
        path=f"{CLIPS}/{file_stem(speaker, f'{source}/{number:04}')}.flac",
        text_by=piece.text_by,
        text=" ".join(piece.text.replace("|", ",").split()),
    )


def every_second(parts: list[Part], runs: list[Span], source: str, speaker: str, duration_s: float) -> list[Part]:
    """The parts and what lies between them, so that nothing of the recording is missing."""
    whole: list[Part] = []
    reached = 0.0
    for part in [*parts, Part(source, speaker, duration_s, duration_s, PAUSE)]:
        if part.start_s > reached:
            whole.append(_between(Part(source, speaker, reached, part.start_s, PAUSE), runs))
        if part.length_s > 0:
            whole.append(part if part.outcome == CLIP else replace(part, path=""))
        reached = max(reached, part.end_s)
    return whole


def _between(gap: Part, runs: list[Span]) -> Part:
    """A gap is a pause, unless somebody speaks in it."""
    speech_s = sum(max(0.0, min(run.end_s, gap.end_s) - max(run.start_s, gap.start_s)) for run in runs)
    if speech_s < 0.1:
        return gap
    return replace(gap, outcome=LEFT_OUT, reason="the transcript has no words there")
