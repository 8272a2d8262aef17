"""Who is scored at each evaluation: the new voices, and some of the base's own."""

from __future__ import annotations

from itertools import cycle, islice

from metrics.judges.judge import Judges
from runners.bases.start import Start
from runners.evaluation.evaluation_settings import RETENTION, TEXTS
from runners.evaluation.evaluator import Evaluator, Panel
from runners.evaluation.judging import Judging
from runners.experiment.adapting import Adapted
from runners.experiment.cell import Cell
from runners.voices.recorded_voices import Voices, known_voices
from runners.voices.unrecorded_sentences import evenly, unrecorded


def evaluator_of(
    cell: Cell, start: Start, voices: Voices, judges: Judges, adapted: Adapted, judging: Judging
) -> Evaluator:
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
        judging=judging,
    )


def base_panel(cell: Cell, start: Start, voices: Voices) -> Panel | None:
    """Some of the base's own voices, which say sentences that the new ones say too; None if none are known."""
    rows = dict(zip(start.speakers.names, start.speakers.rows, strict=True))
    names = [name for name in rows if name not in voices.speakers]
    metrics = [metric for metric in cell.metrics if metric.judges_base_voices]
    texts = _texts(voices)[: cell.evaluation.retention_utterances]
    if not (names and metrics and texts and start.speakers.voiceprints.shape[1]):
        return None
    speakers = list(islice(cycle(evenly(len(texts), names)), len(texts)))
    items = unrecorded(speakers, texts, RETENTION, cell.corpus.language, start.spec, cell.cache_dir)
    return Panel(items, rows, metrics)


def _texts(voices: Voices) -> list[str]:
    """Each text that is tested or validated once, those first that every new voice says."""
    of_all = [item.clip.text for item in voices.unrecorded.get(TEXTS, [])]
    recorded = sorted({item.clip.text for items in voices.held_out.values() for item in items})
    return list(dict.fromkeys([*of_all, *recorded]))
