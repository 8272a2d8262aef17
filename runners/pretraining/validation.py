"""Scoring a base model while it is trained: the same sentences again and again, in its own voices."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from metrics.judges.judge import Judges
from metrics.metric import KnownVoices
from runners.evaluation.evaluator import Evaluator, describe
from runners.evaluation.synthesis import Spoken
from runners.pretraining.pretraining_run import Pretraining
from runners.results.cell_folder import TABLES
from runners.tracking.tracker import Tracker
from runners.training.trainer import Trainer
from runners.voices.recorded_voices import Voices
from runners.voices.unrecorded_sentences import evenly, unrecorded
from vits.common.atomic_files import write_atomically
from vits.common.names import file_stem
from vits.common.readers import read_table
from vits.corpus.audio import write_audio
from vits.corpus.features import PreparedUtterance
from vits.corpus.split import VALIDATION
from vits.model_spec import ModelSpec

SAMPLES = 10  # voices of which a sentence is kept as audio
LISTED = ("step", "split", "speaker", "utterance", "metric", "value")


class Validation:
    """Speaks the same sentences again and again, scores them, and knows which step was the best."""

    def __init__(self, run: Pretraining, spec: ModelSpec, voices: Voices, judges: Judges, tracker: Tracker) -> None:
        self.run = run
        self.tracker = tracker
        self.metrics = [metric for metric in run.metrics if metric.judges_base_voices]
        items = _validation_sentences(run, spec, voices)
        speaker_ids = {speaker: row for row, speaker in enumerate(voices.speakers)}
        self.evaluator = (
            Evaluator(
                self.metrics,
                replace(voices, held_out={VALIDATION: items}),
                KnownVoices(voices.reference_recordings(), language=voices.language),
                judges,
                run.evaluation,
                run.seed,
                speaker_ids=speaker_ids,
            )
            if items and self.metrics
            else None
        )
        self.rows = read_validation(run)
        if len(self.rows) and not run.best.is_file():
            print(f"{run.best} is gone: the best step is chosen among those from here on")
            self.rows = self.rows.iloc[:0]

    def __call__(self, trainer: Trainer) -> None:
        """Score the model as it is, and keep its weights if it is the best so far."""
        if self.evaluator is None or trainer.step in set(self.rows["step"]):
            return
        result = self.evaluator.evaluate(trainer.synthesizer, trainer.step, lambda _: None)
        self.rows = pd.concat([self.rows, result.rows], ignore_index=True) if len(self.rows) else result.rows
        audio = write_samples(result.spoken[VALIDATION], self.run.directory / "samples" / f"step={trainer.step:07}")
        self.tracker.log_scores(trainer.step, result.table)
        self.tracker.log_media(trainer.step, audio, [])
        if self.run.evaluation.selection.best(self.rows, self.metrics) == trainer.step:
            trainer.save_weights(self.run.best)
        write_atomically(self.run.validation, self.rows.to_csv(index=False, na_rep="nan").encode())
        tqdm.write(f"  step {trainer.step}: {describe(result.table, self.metrics)}")

    def forget_after(self, step: int) -> None:
        """Drop what will be scored again."""
        self.rows = self.rows[self.rows["step"] <= step]


def write_samples(spoken: Sequence[Spoken], folder: Path, *, with_recordings: bool = False) -> list[Path]:
    """Write the first sentence of each of some voices, at even distances; returns the files of what was spoken."""
    first = {item.utterance.speaker: item.utterance for item in reversed(spoken)}
    paths = []
    for speaker in evenly(SAMPLES, sorted(first)):
        utterance = first[speaker]
        name = file_stem(speaker, utterance.name)
        paths.append(folder / f"{name}.flac")
        write_audio(paths[-1], utterance.wave, utterance.sample_rate)
        if with_recordings and utterance.recording is not None:
            write_audio(folder / f"{name}-recording.flac", utterance.recording, utterance.sample_rate)
    return paths


def read_validation(run: Pretraining) -> pd.DataFrame:
    """The rows of all validations so far."""
    if os.path.lexists(run.validation):
        return read_table(run.validation, TABLES["scores"])
    return pd.DataFrame(columns=pd.Index(LISTED))


def _validation_sentences(run: Pretraining, spec: ModelSpec, voices: Voices) -> list[PreparedUtterance]:
    """Sentences that were never trained on, over the base voices; none if the corpus has none."""
    clips = run.corpus.clips()
    trained = {clip.sentence for clip in voices.train.clips}
    texts = {clip.text for clip in clips if clip.split == run.validation_split and clip.sentence not in trained}
    if not texts or not run.validation_sentences:
        print(f"no validation: the split {run.validation_split!r} has no sentence that isn't trained on")
        return []
    count = run.validation_sentences
    speakers = list(islice(cycle(evenly(count, voices.speakers)), count))
    chosen = list(islice(cycle(sorted(texts)), count))
    return unrecorded(speakers, chosen, VALIDATION, run.corpus.language, spec, run.cache_dir)
