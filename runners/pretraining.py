"""Pretraining a base model on many voices, resumable at any step, and making a bundle of it."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pandas as pd
import torch
from tqdm import tqdm

from metrics.judges import Judges
from metrics.metric import Metric
from metrics.summary import summarise
from runners.devices import make_fabric
from runners.evaluation import EvaluationSettings, Evaluator
from runners.trainer import StepReport, Trainer, TrainingSettings, check_finite
from runners.voices import Voices, enrol, load_voices
from vits.bundle import BaseSpeaker, Bundle, check_replaceable, save_bundle
from vits.corpus.batching import LengthBucketedBatches
from vits.corpus.cache import write_atomically
from vits.corpus.corpus import Corpus
from vits.errors import InputError
from vits.model_spec import ModelSpec

ENROLMENT_CLIPS = 20  # of each base speaker make its voiceprint


@dataclass(frozen=True)
class Pretraining:
    """A pretraining run. `directory` holds its state and log; `bundle` is where the base model goes."""

    directory: Path
    bundle: Path
    corpus: Corpus
    train_split: str
    evaluation: EvaluationSettings
    model: Mapping[str, Any]
    training: TrainingSettings
    metrics: list[Metric]
    steps: int
    save_every_minutes: float
    log_every: int
    seed: int
    device: str
    precision: str
    max_duration_s: float
    cache_dir: Path

    @property
    def state(self) -> Path:
        return self.directory / "state.safetensors"

    @property
    def log(self) -> Path:
        return self.directory / "losses.csv"


class StopSignal:
    """Remembers that the process was asked to end, so that the step under way is finished and saved."""

    def __init__(self) -> None:
        self.received = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._receive)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.received = True


def pretrain(run: Pretraining) -> None:
    """Train up to `steps` steps from where the run stands, then score the model and write the bundle.

    Raises:
        InputError: something given can't be used.
        TrainingDivergedError: a loss left the numbers; the last saved state is from before.
    """
    check_replaceable(run.bundle)
    stop = StopSignal()
    fabric = make_fabric(run.device, run.precision)
    spec = ModelSpec(run.model)
    voices = load_voices(
        run.corpus,
        spec,
        cache_dir=run.cache_dir,
        segment_frames=run.training.segment_frames,
        max_duration_s=run.max_duration_s,
        held_out=run.evaluation.utterances_per_speaker,
        train_split=run.train_split,
        enrolment_clips=ENROLMENT_CLIPS,
    )
    torch.manual_seed(run.seed)
    synthesizer = spec.synthesizer(len(voices.speakers))
    trainer = Trainer(fabric, synthesizer, spec.adversary(), spec.analysis(), run.training, run.seed)
    if run.state.is_file():
        trainer.load(run.state)
    print(f"{len(voices.speakers)} voices, {len(voices.train)} utterances; step {trainer.step} of {run.steps}")
    _train(run, trainer, voices, stop)
    if stop.received:
        print(f"stopped at step {trainer.step} and saved; the same command goes on from there")
        return
    write_bundle(run, spec, trainer, voices)


def _train(run: Pretraining, trainer: Trainer, voices: Voices, stop: StopSignal) -> None:
    """Train until the last step or until asked to stop; save every few minutes and at the end."""
    speaker_ids = {speaker: row for row, speaker in enumerate(voices.speakers)}
    utterances = list(voices.train)
    batches = LengthBucketedBatches(voices.train.frames, run.training.batch_size, run.seed)
    log = _Log(run.log, run.log_every, trainer.step)
    saved_at = time.monotonic()
    with tqdm(total=run.steps, initial=trainer.step, unit="step", disable=None) as bar:
        while trainer.step < run.steps and not stop.received:
            for report in trainer.epoch(utterances, speaker_ids, batches):
                bar.update()
                bar.set_postfix(log.add(report))
                if trainer.step >= run.steps or stop.received:
                    break
                if time.monotonic() - saved_at > 60 * run.save_every_minutes:
                    trainer.save(run.state)
                    saved_at = time.monotonic()
    trainer.save(run.state)


class _Log:
    """Mean losses of every `every` steps, kept as `step|loss|value` rows; a resumed run goes on in the same file."""

    def __init__(self, path: Path, every: int, step: int) -> None:
        self.path = path
        self.every = every
        before = pd.read_csv(path) if path.is_file() else pd.DataFrame(columns=pd.Index(["step", "loss", "value"]))
        self.rows: list[tuple[int, str, float]] = list(
            before[before["step"] <= step].itertuples(index=False, name=None)  # pyright: ignore[reportArgumentType]
        )
        self._sums: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._shown: dict[str, str] = {}

    def add(self, report: StepReport) -> dict[str, str]:
        """Take in a step's losses; returns the latest means, to be shown."""
        numbers = report.numbers()
        check_finite(numbers, report.step)
        for name, value in numbers.items():
            self._sums[name] += value  # pyright: ignore[reportArgumentType]
            self._counts[name] += 1
        if (report.step + 1) % self.every == 0:
            means = {name: total / self._counts[name] for name, total in self._sums.items()}
            self.rows += [(report.step + 1, name, mean) for name, mean in means.items()]
            table = pd.DataFrame(self.rows, columns=pd.Index(["step", "loss", "value"]))
            write_atomically(self.path, table.to_csv(index=False).encode())
            self._shown = {name: f"{means[name]:.2f}" for name in ("mel", "kl", "duration")}
            self._sums.clear()
            self._counts.clear()
        return self._shown


def write_bundle(run: Pretraining, spec: ModelSpec, trainer: Trainer, voices: Voices) -> None:
    """Score the model on held-out sentences of its own voices, and write the base bundle with its card."""
    judges = Judges(run.cache_dir, trainer.fabric.device)
    speaker_ids = {speaker: row for row, speaker in enumerate(voices.speakers)}
    evaluator = Evaluator(run.metrics, voices, judges, run.evaluation, run.seed)
    with tqdm(total=evaluator.n_utterances, desc="evaluating", unit="utterance", disable=None, leave=False) as bar:
        scores = evaluator.evaluate(trainer.synthesizer, speaker_ids, trainer.step, bar.update).table
    references = evaluator.references(trainer.synthesizer, speaker_ids, trainer.step)
    counts = Counter(clip.speaker for clip in voices.train.clips)
    enrolments = enrol(voices, judges)
    bundle = Bundle(
        spec=spec,
        synthesizer=trainer.synthesizer,
        adversary=trainer.adversary,
        speakers=tuple(BaseSpeaker(speaker, counts[speaker]) for speaker in voices.speakers),
        voiceprints=torch.stack([enrolments[speaker].mean_voiceprint for speaker in voices.speakers]),
    )
    card = _card(run, trainer, voices, _score_lines(evaluator, scores, references))
    save_bundle(bundle, run.bundle, card)
    print(card)


def _score_lines(evaluator: Evaluator, scores: pd.DataFrame, references: pd.DataFrame) -> list[str]:
    """Rows of the card's table: synthesis, and what stands beside it."""
    tables = {"from text": scores}
    for name in ("copy_synthesis", "recording"):
        rows = references[references["reference"] == name].drop(columns="reference")
        tables[name.replace("_", "-")] = summarise(rows, evaluator.metrics)
    lines = []
    for name, table in tables.items():
        cells = []
        for metric in evaluator.metrics:
            row = table[table["metric"] == metric.name].iloc[0]
            cells.append(f"{row['mean']:.3f} ± {row['spread']:.3f}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    floor = references.loc[references["reference"] == "other_speakers", "value"].mean()
    cells = [f"{floor:.3f}" if metric.name == "secs" else "" for metric in evaluator.metrics]
    return [*lines, f"| recordings of other speakers | {' | '.join(cells)} |"]


def _card(run: Pretraining, trainer: Trainer, voices: Voices, score_lines: list[str]) -> str:
    rate = voices.train.cache.analysis.sample_rate
    minutes = sum(voices.train.frames) * voices.train.cache.analysis.hop_length / rate / 60
    audio_hours = trainer.step * run.training.batch_size * minutes / len(voices.train) / 60
    columns = " | ".join(f"{metric.name.upper()} ({metric.unit})" for metric in run.metrics)
    parameters = sum(parameter.numel() for parameter in trainer.synthesizer.parameters())
    splits = ", ".join(f"{split} ({len(items)} utterances)" for split, items in voices.held_out.items())
    adversary_steps = max(trainer.step - run.training.adversary_from_step, 0)
    return "\n".join(
        [
            "# Base model card",
            "",
            f"- Data: {len(voices.speakers)} voices, {len(voices.train)} utterances, "
            f"{minutes:.0f} minutes at {rate} Hz.",
            f"- Model: {parameters:,} parameters.",
            f"- Training: {trainer.step} steps of {run.training.batch_size} utterances "
            f"(about {audio_hours:.0f} hours of audio heard), the last {adversary_steps} of them with discriminators; "
            f"precision {run.precision}, learning rate {run.training.optimizer.learning_rate:g}, seed {run.seed}.",
            "",
            f"Scores on held-out sentences of the base voices, {splits}; mean over speakers ± spread between them:",
            "",
            f"| | {columns} |",
            "|---|" + "---|" * len(run.metrics),
            *score_lines,
            "",
        ]
    )


def require_positive(**values: int | float) -> None:
    """Check settings that must be above 0."""
    for name, value in values.items():
        if value <= 0:
            raise InputError(f"{name}={value} must be above 0")
