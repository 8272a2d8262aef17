"""Who is scored at each evaluation: the new voices, and some of the base's own."""

from __future__ import annotations

from metrics.judges.judge import Judges
from runners.bases.start import Start
from runners.evaluation.evaluator import RETENTION, Evaluator, Panel
from runners.experiment.adapting import Adapted
from runners.experiment.cell import Cell
from runners.voices.recorded_voices import Voices, known_voices
from runners.voices.unrecorded_sentences import evenly, unrecorded


def evaluator_of(cell: Cell, start: Start, voices: Voices, judges: Judges, adapted: Adapted) -> Evaluator:
    """What scores the new voices, among all that are known, and some of the base's own."""
    return Evaluator(
        cell.metrics,
        voices,
        known_voices(voices, start.speakers, adapted.started_from),
        judges,
        cell.evaluation,
        cell.seed,
        speaker_ids=adapted.speaker_ids,
        base_panel=base_panel(cell, start, voices),
    )


def base_panel(cell: Cell, start: Start, voices: Voices) -> Panel | None:
    """Some of the base's own voices, which say held-out sentences of the new ones; None if none are known."""
    rows = dict(zip(start.speakers.names, start.speakers.rows, strict=True))
    names = [name for name in rows if name not in voices.speakers]
    metrics = [metric for metric in cell.metrics if metric.judges_base_voices]
    if not (names and metrics and start.speakers.voiceprints.shape[1]):
        return None
    texts = sorted({item.clip.text for items in voices.held_out.values() for item in items})
    speakers = evenly(min(cell.evaluation.retention_utterances, len(texts)), names)
    if not speakers:
        return None
    items = unrecorded(
        speakers,
        texts[: len(speakers)],
        RETENTION,
        cell.corpus.language,
        start.spec.spectrogram().channels,  # pyright: ignore[reportArgumentType]
        cell.cache_dir,
    )
    return Panel(items, rows, metrics)
