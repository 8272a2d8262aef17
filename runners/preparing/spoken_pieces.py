"""The pieces of one recording, and what is said in each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from metrics.judges.transcriber import Transcript
from metrics.metric import JUDGED_RATE
from runners.preparing.aligned_text import divided
from runners.preparing.beside_audio import Beside
from runners.preparing.cutting import pieces, with_edges
from runners.preparing.kept_transcripts import NAME, objection
from runners.preparing.texts_of_pieces import are_words, lines_joined, spans_of_lines, words_within
from runners.preparing.voice_activity import Span

Wave = Float32[np.ndarray, "_"]
Hear = Callable[[Sequence[Wave]], list[Transcript]]


@dataclass(frozen=True)
class Piece:
    """A stretch of speech with its edges, what is said in it, and who says so; or why that isn't known."""

    span: Span
    text: str
    text_by: str
    objection: str = ""


@dataclass(frozen=True)
class Lengths:
    """How short and how long a clip may be."""

    shortest_s: float
    longest_s: float

    def objection(self, span: Span) -> str:
        """Why a stretch is no clip; "" where it may be one."""
        if span.length_s < self.shortest_s:
            return f"shorter than {self.shortest_s:g} s"
        if span.length_s > self.longest_s:
            return f"longer than {self.longest_s:g} s without a pause to cut at"
        return ""


def spoken_pieces(
    wave_16k: Wave, runs: Sequence[Span], beside: Beside | None, lengths: Lengths, hear: Hear
) -> list[Piece]:
    """All pieces in their order, those that don't fit too."""
    if not runs:
        return []
    duration_s = wave_16k.size / JUDGED_RATE
    if beside is not None and beside.cues and not are_words(beside.cues):
        found = _of_lines(runs, beside, lengths, duration_s)
    elif beside is not None and beside.text and runs[-1].end_s - runs[0].start_s <= lengths.longest_s:
        found = [Piece(Span(runs[0].start_s, runs[-1].end_s), beside.text, beside.kind)]
    else:
        spans = pieces(runs, lengths.shortest_s, lengths.longest_s)
        found = _of_pauses(
            spans, [with_edges(span, runs, duration_s) for span in spans], wave_16k, beside, lengths, hear
        )
    edged = [(piece, with_edges(piece.span, runs, duration_s)) for piece in found]
    return [Piece(span, p.text, p.text_by, lengths.objection(span) or p.objection) for p, span in edged]


def _of_lines(runs: Sequence[Span], beside: Beside, lengths: Lengths, duration_s: float) -> list[Piece]:
    """A piece for each line, or for several that belong together."""
    lines = lines_joined(beside.cues, lengths.shortest_s, lengths.longest_s)
    spans = spans_of_lines(lines, runs, duration_s)
    return [Piece(span, line.text, beside.kind) for line, span in zip(lines, spans, strict=True) if span is not None]


def _of_pauses(
    spans: Sequence[Span],
    edged: Sequence[Span],
    wave_16k: Wave,
    beside: Beside | None,
    lengths: Lengths,
    hear: Hear,
) -> list[Piece]:
    """Pieces between pauses, with words that an aligner placed, that Whisper heard, or that a text has there."""
    if beside is not None and beside.cues:
        texts = [words_within(beside.cues, span) for span in edged]
        why = "the transcript has no words there"
        return [Piece(s, text, beside.kind, "" if text else why) for s, text in zip(spans, texts, strict=True)]
    fit = [beside is not None or not lengths.objection(span) for span in edged]
    told = iter(hear([_cut(wave_16k, span) for span, fits in zip(edged, fit, strict=True) if fits]))
    heard = [next(told) if fits else Transcript("") for fits in fit]
    if beside is None:
        return [Piece(s, t.text.strip(), NAME, objection(t)) for s, t in zip(spans, heard, strict=True)]
    texts = divided(beside.text, [transcript.text for transcript in heard])
    why = f"what {NAME} hears isn't found in the transcript"
    by = f"{beside.kind}, divided by {NAME}"
    return [Piece(span, text, by, "" if text else why) for span, text in zip(spans, texts, strict=True)]


def _cut(wave_16k: Wave, span: Span) -> Wave:
    return wave_16k[round(span.start_s * JUDGED_RATE) : round(span.end_s * JUDGED_RATE)]
