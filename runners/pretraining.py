"""Pretraining a base model on many voices, resumable at any step, and making a bundle of it.

corpus -> train -> every so many steps: speak and score validation sentences, keep the best -> bundle
"""

from __future__ import annotations

import platform
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

import pandas as pd
import soundfile
import torch
from tqdm import tqdm

from metrics.judges import Judges
from metrics.metric import KnownVoices, Metric
from runners.base_card import TrainingFacts, score_lines, write_card
from runners.cell import flat_name
from runners.devices import any_of_them, compile_fixed_shapes, make_fabric
from runners.evaluation import EvaluationSettings, Evaluator
from runners.fit import describe
from runners.linting.known_base import write_trained_on
from runners.loss_log import SHOWN, LossLog
from runners.selection import VALIDATION
from runners.sentences import evenly, unrecorded
from runners.synthesis import Spoken
from runners.tracking import Tracker, TrackingSettings
from runners.trainer import StepReport, Trainer, TrainingSettings
from runners.voices import Voices, enrol, load_voices
from vits.bundle import BaseSpeaker, Bundle, check_replaceable, load_bundle, save_bundle
from vits.checkpoint import load_strict, load_tensors, save_tensors
from vits.corpus.batching import LengthBucketedBatches
from vits.corpus.cache import content_key, write_atomically
from vits.corpus.corpus import Corpus
from vits.errors import InputError
from vits.model_spec import ModelSpec
from vits.synthesizer import Synthesizer

ENROLMENT_CLIPS = 20  # of each base speaker make its voiceprint
SAMPLES = 10  # voices of which a sentence is kept as audio
LISTED = ("epoch", "split", "speaker", "utterance", "metric", "value")


@dataclass(frozen=True)
class Pretraining:
    """A pretraining run. `directory` holds its state and logs; `bundle` is where the base model goes.

    `start_from` is a bundle whose weights it begins with, None for random ones. Every `validate_every` steps
    `validation_sentences` texts of the split `validation_split` are spoken by base voices and scored.
    """

    directory: Path
    bundle: Path
    start_from: Path | None
    corpus: Corpus
    train_split: str
    validation_split: str
    validation_sentences: int
    validate_every: int
    evaluation: EvaluationSettings
    model: Mapping[str, Any] | None
    training: TrainingSettings
    metrics: list[Metric]
    tracking: TrackingSettings
    steps: int
    save_every_minutes: float
    log_every: int
    seed: int
    device: str
    devices: int
    precision: str
    max_duration_s: float
    cache_dir: Path
    config: Mapping[str, Any]

    @property
    def state(self) -> Path:
        """All that going on needs."""
        return self.directory / "state.safetensors"

    @property
    def best(self) -> Path:
        """Weights of the best step on validation sentences."""
        return self.directory / "best.safetensors"

    @property
    def validation(self) -> Path:
        """Scores of all validations, as in a cell's scores.csv; `epoch` counts steps."""
        return self.directory / "validation.csv"


class StopSignal:
    """Remembers that the process was asked to end, so that the step under way is finished and saved."""

    def __init__(self) -> None:
        self.received = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._receive)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.received = True


def pretrain(run: Pretraining) -> None:
    """Train up to `steps` steps from where the run stands, then write the best as a bundle.

    Raises:
        InputError: something given can't be used.
        TrainingDivergedError: a loss left the numbers; the last saved state is from before.
    """
    check_replaceable(run.bundle)
    stop = StopSignal()
    fabric = make_fabric(run.device, run.precision, run.devices)
    base = load_bundle(run.start_from) if run.start_from else None
    spec = _spec(run, base)
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
    synthesizer, adversary = spec.synthesizer(len(voices.speakers)), spec.adversary()
    if base:
        load_from(base, synthesizer, voices.speakers)
        adversary = base.adversary
    if fabric.device.type == "cuda":
        compile_fixed_shapes(synthesizer, adversary)
    trainer = Trainer(fabric, synthesizer, adversary, spec.analysis(), run.training, run.seed)
    if run.state.is_file():
        trainer.load(run.state)
    if not fabric.is_global_zero:
        train(run, trainer, voices, stop, lambda report: None)  # its part of every step; the first device writes
        return
    print(f"{len(voices.speakers)} voices, {len(voices.train)} utterances; step {trainer.step} of {run.steps}")
    judges = Judges(run.cache_dir, fabric.device)
    with _tracker(run) as tracker:
        validation = Validation(run, spec, voices, judges, tracker)
        keeper = Bookkeeper(run, trainer, validation, tracker)
        stopped = train(run, trainer, voices, stop, keeper.after_step)
        keeper.bar.close()
        keeper.save()
        if stopped:
            print(f"stopped at step {trainer.step} and saved; the same command goes on from there")
            return
        validation(trainer)
    write_bundle(run, spec, trainer, voices, judges)


def _spec(run: Pretraining, base: Bundle | None) -> ModelSpec:
    """The model to train: the one asked for, which is the base's own if there is a base."""
    if run.model is None:
        if base is None:
            raise InputError("model=of_base takes the model of a base, but start_from=null; give one of them")
        return base.spec
    if base is not None and ModelSpec(run.model) != base.spec:
        raise InputError(f"the base {run.start_from} is another model than model=... asks for; use model=of_base")
    return ModelSpec(run.model)


def load_from(base: Bundle, synthesizer: Synthesizer, speakers: tuple[str, ...]) -> None:
    """Take over the weights of a base, and its rows of those speakers that it knows by name."""
    weights = {**base.synthesizer.state_dict()}
    rows = synthesizer.speaker_embedding.weight.detach().clone()
    known = {speaker.name: row for row, speaker in enumerate(base.speakers)}
    for row, speaker in enumerate(speakers):
        if speaker in known:
            rows[row] = weights["speaker_embedding.weight"][known[speaker]]
    load_strict(synthesizer, {**weights, "speaker_embedding.weight": rows}, source="the base")


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
                KnownVoices(voices.enrolment_recordings()),
                judges,
                run.evaluation,
                run.seed,
                speaker_ids=speaker_ids,
            )
            if items and self.metrics
            else None
        )
        self.rows = read_validation(run)

    def __call__(self, trainer: Trainer) -> None:
        """Score the model as it is, and keep its weights if it is the best so far."""
        if self.evaluator is None or trainer.step in set(self.rows["epoch"]):
            return
        result = self.evaluator.evaluate(trainer.synthesizer, trainer.step, lambda _: None)
        self.rows = pd.concat([self.rows, result.rows], ignore_index=True) if len(self.rows) else result.rows
        audio = write_samples(result.spoken[VALIDATION], self.run.directory / "samples" / f"step={trainer.step:07}")
        self.tracker.log_scores(trainer.step, result.table)
        self.tracker.log_media(trainer.step, audio, [])
        if self.run.evaluation.selection.best(self.rows, self.metrics) == trainer.step:
            save_tensors(weights_of(trainer), self.run.best)
        write_atomically(self.run.validation, self.rows.to_csv(index=False, na_rep="nan").encode())
        tqdm.write(f"  step {trainer.step}: {describe(result.table, self.metrics)}")

    def forget_after(self, step: int) -> None:
        """Drop what will be scored again."""
        self.rows = self.rows[self.rows["epoch"] <= step]


def write_samples(spoken: Sequence[Spoken], folder: Path, *, with_recordings: bool = False) -> list[Path]:
    """Write the first sentence of each of some voices, at even distances; returns the files of what was spoken."""
    first = {item.utterance.speaker: item.utterance for item in reversed(spoken)}
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for speaker in evenly(SAMPLES, sorted(first)):
        utterance = first[speaker]
        name = flat_name(speaker, utterance.name)
        paths.append(folder / f"{name}.flac")
        soundfile.write(paths[-1], utterance.wave, utterance.sample_rate)
        if with_recordings and utterance.recording is not None:
            soundfile.write(folder / f"{name}-recording.flac", utterance.recording, utterance.sample_rate)
    return paths


def read_validation(run: Pretraining) -> pd.DataFrame:
    """The rows of all validations so far."""
    if run.validation.is_file():
        return pd.read_csv(run.validation, dtype={"speaker": str, "utterance": str, "split": str})
    return pd.DataFrame(columns=pd.Index(LISTED))


def _validation_sentences(run: Pretraining, spec: ModelSpec, voices: Voices) -> list[Any]:
    """Sentences that were never trained on, over the base voices; none if the corpus has none."""
    clips = run.corpus.clips()
    trained = {clip.sentence for clip in voices.train.clips}
    texts = {clip.text for clip in clips if clip.split == run.validation_split and clip.sentence not in trained}
    if not texts or not run.validation_sentences:
        print(f"no validation: the split {run.validation_split!r} has no sentence that isn't trained on")
        return []
    count, listed = run.validation_sentences, sorted(texts)
    speakers = [
        evenly(min(count, len(voices.speakers)), voices.speakers)[i % len(voices.speakers)] for i in range(count)
    ]
    chosen = [listed[i % len(listed)] for i in range(count)]
    channels = int(spec.spectrogram().channels)  # pyright: ignore[reportArgumentType]
    return unrecorded(speakers, chosen, VALIDATION, run.corpus.language, channels, run.cache_dir)


def train(
    run: Pretraining, trainer: Trainer, voices: Voices, stop: StopSignal, after_step: Callable[[StepReport], None]
) -> bool:
    """Train the steps that are left; returns whether it was asked to end before the last."""
    speaker_ids = {speaker: row for row, speaker in enumerate(voices.speakers)}
    utterances = list(voices.train)
    batches = LengthBucketedBatches(voices.train.frames, run.training.batch_size, run.seed)
    while trainer.step < run.steps:
        for report in trainer.epoch(utterances, speaker_ids, batches):
            after_step(report)
            if any_of_them(trainer.fabric, stop.received):
                return True
            if trainer.step >= run.steps:
                break
    return False


class Bookkeeper:
    """Logs every step, validates and saves when it is time to."""

    def __init__(self, run: Pretraining, trainer: Trainer, validation: Validation, tracker: Tracker) -> None:
        self.run = run
        self.trainer = trainer
        self.validation = validation
        self.tracker = tracker
        self.log = LossLog(run.directory / "losses.csv", run.log_every, trainer.step)
        self.saved_at = time.monotonic()
        self.bar = tqdm(total=run.steps, initial=trainer.step, unit="step", disable=None)
        validation.forget_after(trainer.step)

    def after_step(self, report: StepReport) -> None:
        """What there is to do between two steps."""
        self.bar.update()
        means = self.log.add(report)
        if means:
            self.tracker.log_losses(report.step, means)
            self.bar.set_postfix({name: f"{means[name]:.2f}" for name in SHOWN})
        due = self.trainer.step % self.run.validate_every == 0 and self.trainer.step < self.run.steps
        if due:
            self.validation(self.trainer)
            self.trainer.synthesizer.train()
        if due or time.monotonic() - self.saved_at > 60 * self.run.save_every_minutes:
            self.save()

    def save(self) -> None:
        """Write the state, unless a loss since the last line of the log was no number."""
        self.log.check(self.trainer.step)
        self.trainer.seconds += time.monotonic() - self.saved_at
        self.trainer.save(self.run.state)
        self.saved_at = time.monotonic()


def weights_of(trainer: Trainer) -> dict[str, torch.Tensor]:
    """Weights of the generator and of the discriminators under one roof."""
    modules = {"synthesizer": trainer.synthesizer, "adversary": trainer.adversary}
    return {
        f"{prefix}/{name}": tensor.detach().cpu().contiguous()
        for prefix, module in modules.items()
        for name, tensor in module.state_dict().items()
    }


def load_weights_of(trainer: Trainer, path: Path) -> None:
    """The reverse of `weights_of`."""
    tensors = load_tensors(path)
    for prefix, module in (("synthesizer", trainer.synthesizer), ("adversary", trainer.adversary)):
        own = {name.removeprefix(f"{prefix}/"): t for name, t in tensors.items() if name.startswith(f"{prefix}/")}
        load_strict(module, own, source=str(path))


def write_bundle(run: Pretraining, spec: ModelSpec, trainer: Trainer, voices: Voices, judges: Judges) -> None:
    """Score the best step on held-out sentences of its own voices, and write the base bundle with its card."""
    validation = read_validation(run)
    metrics = [metric for metric in run.metrics if metric.judges_base_voices]
    best = run.evaluation.selection.best(validation, metrics)
    kept = trainer.step if best is None else best
    if kept != trainer.step:
        load_weights_of(trainer, run.best)
    speaker_ids = {speaker: row for row, speaker in enumerate(voices.speakers)}
    known = KnownVoices(voices.enrolment_recordings())
    evaluator = Evaluator(run.metrics, voices, known, judges, run.evaluation, run.seed, speaker_ids=speaker_ids)
    with tqdm(total=evaluator.n_utterances, desc="evaluating", unit="utterance", disable=None, leave=False) as bar:
        result = evaluator.evaluate(trainer.synthesizer, kept, bar.update)
    references = evaluator.references(trainer.synthesizer, kept)
    counts = Counter(clip.speaker for clip in voices.train.clips)
    enrolments = enrol(voices, judges)
    bundle = Bundle(
        spec=spec,
        synthesizer=trainer.synthesizer,
        adversary=trainer.adversary,
        speakers=tuple(BaseSpeaker(speaker, counts[speaker]) for speaker in voices.speakers),
        voiceprints=torch.stack([enrolments[speaker].mean_voiceprint for speaker in voices.speakers]),
        trained_adversary=kept > run.training.adversary_from_step or run.start_from is not None,
    )
    splits = ", ".join(f"{split} ({len(items)} utterances)" for split, items in voices.held_out.items())
    lines = score_lines(result.table, references, run.metrics)
    card = write_card(_facts(run, trainer, voices, kept), splits, validation, lines, run.metrics)
    save_bundle(bundle, run.bundle, card)
    write_trained_on(voices.train.clips, run.cache_dir, run.bundle)
    for split, spoken in result.spoken.items():
        write_samples(spoken, run.directory / "samples" / f"kept-{split}", with_recordings=True)
    print(card)


def _facts(run: Pretraining, trainer: Trainer, voices: Voices, kept: int) -> TrainingFacts:
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
        adversary_steps=max(trainer.step - run.training.adversary_from_step, 0),
        hours=trainer.seconds / 3600,
        device=torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"{torch.get_num_threads()} threads of a {platform.machine()} CPU",
        precision=run.precision,
        learning_rate=run.training.optimizer.learning_rate,
        seed=run.seed,
        kept_step=kept,
        started_from=run.start_from.name if run.start_from else None,
    )


def _tracker(run: Pretraining) -> Tracker:
    return Tracker(
        run.tracking,
        directory=run.directory,
        run_id=content_key([str(run.directory.resolve()).encode()])[:16],
        name=run.directory.name,
        group="pretraining",
        job_type="pretraining",
        config=run.config,
    )


def require_positive(**values: int | float) -> None:
    """Check settings that must be above 0."""
    for name, value in values.items():
        if value <= 0:
            raise InputError(f"{name}={value} must be above 0")
