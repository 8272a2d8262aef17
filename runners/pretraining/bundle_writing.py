"""Making a base bundle of the best step of a pretraining."""

from __future__ import annotations

import json
import os
import platform
from collections import Counter
from pathlib import Path

import torch
from tqdm import tqdm

from metrics.judges.judge import Judges
from metrics.metric import KnownVoices
from runners.evaluation.evaluator import Evaluator
from runners.linting.known_base import trained_on
from runners.pretraining.card import TrainingFacts, score_lines, write_card
from runners.pretraining.predicted_rows import PredictedSpeakerEmbedding
from runners.pretraining.pretraining_run import Pretraining
from runners.pretraining.validation import read_validation, write_samples
from runners.training.trainer import NONE, TRAINED, Trainer
from runners.voices.recorded_voices import Voices, enrol
from strategies.context import ECAPA
from vits.bundle import REMEDY, BaseSpeaker, Bundle, save_bundle
from vits.common.checksums import check_listed
from vits.common.readers import read_json
from vits.model_spec import ModelSpec
from vits.trained_on import FILE

TEACHERS = "teachers.json"  # the judges, as `Metric.judge` names them, whose opinion the training used


def write_bundle(run: Pretraining, spec: ModelSpec, trainer: Trainer, voices: Voices, judges: Judges) -> None:
    """Score the best step on held-out sentences of its own voices, and write the base bundle with its card."""
    validation = read_validation(run)
    metrics = [metric for metric in run.metrics if metric.judges_base_voices]
    best = run.evaluation.selection.best(validation, metrics)
    kept = trainer.step if best is None else best
    if kept != trainer.step:
        trainer.load_weights(run.best)
    enrolments = enrol(voices, judges)
    voiceprints = torch.stack([enrolments[speaker].mean_voiceprint for speaker in voices.speakers])
    teachers = read_teachers(run.start_from) if run.start_from else ()
    predicted = trainer.synthesizer.speaker_embedding
    if isinstance(predicted, PredictedSpeakerEmbedding):
        teachers = tuple(sorted({*teachers, ECAPA}))
        trainer.synthesizer.speaker_embedding = predicted.as_table(voiceprints)
    speaker_ids = {speaker: row for row, speaker in enumerate(voices.speakers)}
    known = KnownVoices(voices.reference_recordings(), language=voices.language)
    evaluator = Evaluator(run.metrics, voices, known, judges, run.evaluation, run.seed, speaker_ids=speaker_ids)
    with tqdm(
        total=evaluator.n_utterances(evaluator.splits), desc="evaluating", unit="utterance", disable=None, leave=False
    ) as bar:
        result = evaluator.evaluate(trainer.synthesizer, kept, bar.update)
    references = evaluator.references(trainer.synthesizer, kept)
    counts = Counter(clip.speaker for clip in voices.train.clips)
    bundle = Bundle(
        spec=spec,
        synthesizer=trainer.synthesizer,
        adversary=trainer.adversary,
        speakers=tuple(BaseSpeaker(speaker, counts[speaker]) for speaker in voices.speakers),
        voiceprints=voiceprints,
        trained_adversary=_is_adversary_trained(run, kept),
    )
    splits = ", ".join(f"{split} ({len(items)} utterances)" for split, items in voices.held_out.items())
    lines = score_lines(result.table, references, run.metrics)
    card = write_card(_facts(run, trainer, voices, kept, teachers), splits, validation, lines, run.metrics)
    beside = {TEACHERS: json.dumps(teachers) + "\n", FILE: trained_on(voices.train.clips, run.cache_dir).text}
    save_bundle(bundle, run.bundle, card, beside)
    for split, spoken in result.spoken.items():
        write_samples(spoken, run.directory / "samples" / f"kept-{split}", with_recordings=True)
    print(card)


def _is_adversary_trained(run: Pretraining, kept: int) -> bool:
    """Whether the discriminators of the kept step are more than noise."""
    learned = run.training.adversary == TRAINED and kept > run.training.adversary_from_step
    return run.training.adversary != NONE and (learned or run.start_from is not None)


def read_teachers(directory: Path) -> tuple[str, ...]:
    """The judges that a bundle's training used, as it says itself; none if it says nothing.

    Raises:
        InputError: the file holds anything but a list of names, or was changed since it was written.
    """
    path = directory / TEACHERS
    if not os.path.lexists(path):
        return ()
    check_listed(path, REMEDY)
    return tuple(read_json(path, list[str]))


def _facts(run: Pretraining, trainer: Trainer, voices: Voices, kept: int, teachers: tuple[str, ...]) -> TrainingFacts:
    analysis = voices.train.cache.analysis
    device = trainer.fabric.device
    return TrainingFacts(
        n_voices=len(voices.speakers),
        n_utterances=len(voices.train),
        minutes=sum(voices.train.frames) * analysis.hop_length / analysis.sample_rate / 60,
        sample_rate=analysis.sample_rate,
        n_parameters=sum(parameter.numel() for parameter in trainer.synthesizer.parameters()),
        steps=trainer.step,
        batch_size=run.training.batch_size,
        adversary_steps=0
        if run.training.adversary == NONE
        else max(trainer.step - run.training.adversary_from_step, 0),
        hours=trainer.seconds / 3600,
        device=torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"{torch.get_num_threads()} threads of a {platform.machine()} CPU",
        precision=run.precision,
        learning_rate=run.training.optimizer.learning_rate,
        seed=run.seed,
        kept_step=kept,
        teachers=teachers,
        started_from=run.start_from.name if run.start_from else None,
    )
