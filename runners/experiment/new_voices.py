"""The new voices of a cell: their recordings, and what else they are to say."""

from __future__ import annotations

from runners.evaluation.evaluation_settings import TEXTS
from runners.experiment.cell import Cell
from runners.voices.english_sentences import with_english_sentences
from runners.voices.recorded_voices import Voices, load_voices, say_what_was_found
from vits.model_spec import ModelSpec


def new_voices(cell: Cell, spec: ModelSpec) -> Voices:
    """The voices prepared for a model, with every sentence that they will be judged by.

    Raises:
        InputError: the corpus is malformed, a recording can't be read, or nothing usable is left.
    """
    say_what_was_found(cell.corpus)
    recorded = load_voices(
        cell.corpus,
        spec,
        cache_dir=cell.cache_dir,
        segment_frames=cell.training.segment_frames,
        max_duration_s=cell.max_duration_s,
        held_out=cell.evaluation.utterances_per_speaker,
    )
    return with_english_sentences(
        recorded,
        cell.corpus.language,
        spec,
        cell.cache_dir,
        texts=cell.evaluation.test_texts,
        split=TEXTS,
        validation=cell.evaluation.validation_sentences,
    )
