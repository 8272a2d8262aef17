"""From recordings of many voices to a base bundle, resumable at any step.

corpus -> train -> every so many steps: speak and score validation sentences, keep the best -> bundle
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import torch
from lightning_fabric import Fabric

from metrics.judges.judge import Judges
from runners.pretraining.bundle_writing import write_bundle
from runners.pretraining.loop import Bookkeeper, StopSignal, train
from runners.pretraining.predicted_rows import CLIPS, PredictedSpeakerEmbedding, equally_many
from runners.pretraining.pretraining_run import Pretraining
from runners.pretraining.validation import Validation
from runners.pretraining.weights_from_base import load_from
from runners.results.lease import Lease
from runners.tracking.tracker import Tracker
from runners.training.devices import compile_fixed_shapes, make_fabric
from runners.training.trainer import LESS_MEMORY, Trainer, check_adversary
from runners.voices.recorded_voices import Voices, enrol, load_voices, say_what_was_found
from vits.bundle import Bundle, check_replaceable, load_bundle
from vits.common.atomic_files import content_key
from vits.common.errors import BrokenOffError, InputError
from vits.common.memory import memory_is_told
from vits.model_spec import ModelSpec
from vits.synthesizer import Synthesizer

ENROLMENT_CLIPS = 20  # of each base speaker make its voiceprint


def pretrain(run: Pretraining) -> None:
    """Train up to `steps` steps from where the run stands, then write the best as a bundle.

    Raises:
        InputError: something given can't be used.
        BrokenOffError: a loss left the numbers, and the last saved state is from before; or another process is at it.
    """
    check_replaceable(run.bundle)
    with StopSignal() as stop, memory_is_told(LESS_MEMORY):
        fabric = make_fabric(run.device, run.precision, run.devices)
        with _held(run) if fabric.is_global_zero else nullcontext():
            _pretrain(run, fabric, stop)


def _held(run: Pretraining) -> Lease:
    """The right to write into the run's folder.

    Raises:
        BrokenOffError: another process has it.
    """
    lease = Lease(run.directory)
    holder = lease.take()
    if holder is not None:
        raise BrokenOffError(f"{holder} is training {run.directory}; wait for it, or choose another name=...")
    return lease


def _pretrain(run: Pretraining, fabric: Fabric, stop: StopSignal) -> None:
    base = load_bundle(run.start_from) if run.start_from else None
    spec = _spec(run, base)
    check_adversary(run.training, known=base is not None and base.trained_adversary)
    voices = load_base_voices(run, spec)
    torch.manual_seed(run.seed)
    synthesizer, adversary = spec.synthesizer(len(voices.speakers)), spec.adversary()
    if base:
        load_from(base, synthesizer, () if run.fresh_rows else voices.speakers)
        adversary = base.adversary
    judges = Judges(run.cache_dir, fabric.device)
    if run.predict_rows:
        predict_rows(synthesizer, base, voices, judges)
    if fabric.device.type == "cuda":
        compile_fixed_shapes(synthesizer, adversary)
    trainer = Trainer(fabric, synthesizer, adversary, spec.analysis(), run.training, run.seed)
    if run.state.is_file():
        trainer.load(run.state)
    if not fabric.is_global_zero:
        train(run, trainer, voices, stop, lambda report: None)  # its part of every step; the first device writes
        return
    say_what_was_found(run.corpus)
    print(f"{len(voices.speakers)} voices, {len(voices.train)} utterances; step {trainer.step} of {run.steps}")
    with _tracker(run, trainer.step if run.state.is_file() else -1) as tracker:
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


def load_base_voices(run: Pretraining, spec: ModelSpec) -> Voices:
    """The recordings to train on, and those of the same voices to score."""
    return load_voices(
        run.corpus,
        spec,
        cache_dir=run.cache_dir,
        segment_frames=run.training.segment_frames,
        max_duration_s=run.max_duration_s,
        held_out=run.evaluation.utterances_per_speaker,
        train_split=run.train_split,
        enrolment_clips=ENROLMENT_CLIPS,
    )


def predict_rows(synthesizer: Synthesizer, base: Bundle | None, voices: Voices, judges: Judges) -> None:
    """Let the voices' rows be predicted from their voiceprints, at first as those of the base can be."""
    enrolments = enrol(replace(voices, enrolment_clips=CLIPS), judges)
    prints = equally_many([enrolments[speaker].voiceprints for speaker in voices.speakers])
    known = torch.stack([enrolments[speaker].mean_voiceprint for speaker in voices.speakers])
    rows = synthesizer.speaker_embedding.weight.detach()
    if base is not None:
        known, rows = base.voiceprints, base.synthesizer.speaker_embedding.weight.detach()
    synthesizer.speaker_embedding = PredictedSpeakerEmbedding(prints, known, rows)  # pyright: ignore[reportAttributeAccessIssue]


def _spec(run: Pretraining, base: Bundle | None) -> ModelSpec:
    """The model to train: the one asked for, which is the base's own if there is a base."""
    if run.model is None:
        if base is None:
            raise InputError("model=of_base takes the model of a base, but start_from=null; give one of them")
        return base.spec
    if base is not None and ModelSpec(run.model) != base.spec:
        raise InputError(f"the base {run.start_from} is another model than model=... asks for; use model=of_base")
    return ModelSpec(run.model)


def _tracker(run: Pretraining, step: int) -> Tracker:
    """The run, as it was up to a step; what was logged behind it is done again, and may come out otherwise."""
    return Tracker(
        run.tracking,
        directory=run.directory,
        run_id=content_key([str(run.directory.resolve()).encode()])[:16],
        name=run.directory.name,
        group="pretraining",
        job_type="pretraining",
        config=run.config,
        until=step,
    )
