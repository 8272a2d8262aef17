"""A base and new voices made ready for training, as an adaptation says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial

import torch
from jaxtyping import Float
from lightning_fabric import Fabric
from torch import Tensor

from metrics.judges.judge import Judges
from metrics.metric import Utterance
from metrics.voiceprints_by_encoder import encoder_by_name, voiceprints_by_encoder
from runners.bases.start import Start
from runners.experiment.cell import Cell
from runners.training.material import Material, batches_of, material
from runners.training.regime import Regime
from runners.training.trainer import NONE, Trainer, TrainingSettings, check_adversary
from runners.voices.recorded_voices import Voices
from strategies.adaptation import Adaptation
from strategies.context import AdaptationContext, Enrolment
from strategies.freeze.freeze_policy import apply_freeze, shared_parameters
from strategies.initialisers.embedding_init import EmbeddingInit, InitialEmbedding, leave_one_out_error
from strategies.rehearsal.rehearsal import Rehearsed
from vits.corpus.features import PreparedUtterance


@dataclass(frozen=True)
class Adapted:
    """A model that is ready for training, and what it is trained on and by which rules.

    `rehearsed` is what of that is trained along; `speaker_ids` are the new voices' rows, and `started_from` the base
    voices whose rows they were given, if so.
    """

    speaker_ids: Mapping[str, int]
    started_from: Mapping[str, str]
    regime: Regime
    material: Material
    rehearsed: Rehearsed = field(default_factory=Rehearsed)


def context_of(
    start: Start, voices: Voices, enrolments: Mapping[str, Enrolment], judges: Judges, seed: int, segment_frames: int
) -> AdaptationContext:
    """What every method of the adaptation may look at."""
    return AdaptationContext(
        spec=start.spec,
        base=start.synthesizer,
        base_speakers=start.speakers,
        enrolments=enrolments,
        texts=list(voices.train),
        hear=partial(_hear, judges, voices.sample_rate),
        generator=torch.Generator().manual_seed(seed),
        parameters=shared_parameters(start.synthesizer),
        segment_frames=segment_frames,
        listener=lambda encoder: encoder_by_name(encoder, judges).listen,
    )


def adapt(
    adaptation: Adaptation,
    start: Start,
    voices: Voices,
    context: AdaptationContext,
    training: TrainingSettings,
    steps: int,
) -> Adapted:
    """Enrol the new voices, attach, freeze, penalise and rehearse, in this order; the audio is still the base's.

    Raises:
        InputError: a choice can't be made on this base, or can change nothing beside the others.
    """
    first = cache(lambda: _initial_embeddings(adaptation.strategy.value, context))
    context = replace(context, first_rows=lambda: {speaker: initial.row for speaker, initial in first().items()})
    rehearsed = adaptation.rehearsal.value.prepare(context)
    speaker_ids = {name: start.synthesizer.speaker_embedding.add(initial.row) for name, initial in first().items()}
    started_from = {name: initial.taken_from for name, initial in first().items() if initial.taken_from is not None}
    adaptation.adapter.value.attach(start.synthesizer)
    schedules = apply_freeze(adaptation.freeze.value, start.synthesizer, context.parameters)
    seed = context.generator.initial_seed()
    batches = batches_of(voices.train, training.batch_size, training.sampling, seed)
    regime = Regime(
        schedules=schedules,
        penalties=adaptation.penalty.prepare(context),
        averaging=adaptation.average.value.prepare(context, start.synthesizer),
        stop=adaptation.stop.value,
        total_steps=steps,
    )
    trained_on = material(list(voices.train), batches, speaker_ids, rehearsed)
    return Adapted(speaker_ids, started_from, regime, trained_on, rehearsed)


def start_of(cell: Cell) -> Start:
    """The model before any adaptation.

    Raises:
        InputError: its discriminators are to stay as they are, and were never trained.
    """
    torch.manual_seed(cell.seed)
    start = cell.base.start(cell.model, with_adversary=cell.training.adversary != NONE)
    check_adversary(cell.training, known=start.trained_adversary)
    return start


def trainer_of(cell: Cell, fabric: Fabric, start: Start, adapted: Adapted) -> Trainer:
    """What trains the adapted model."""
    analysis = start.spec.analysis()
    trainer = Trainer(fabric, start.synthesizer, start.adversary, analysis, cell.training, cell.seed, adapted.regime)
    trainer.generator_optimizer.load_named_state(start.optimizer_state)
    return trainer


def initialiser_errors(
    initialisers: Mapping[str, EmbeddingInit], context: AdaptationContext, seed: int
) -> dict[str, float]:
    """How well each initialiser guesses base speakers that it is not shown."""
    return {
        name: leave_one_out_error(initialiser, replace(context, generator=torch.Generator().manual_seed(seed)))
        for name, initialiser in initialisers.items()
    }


def _initial_embeddings(initialiser: EmbeddingInit, context: AdaptationContext) -> dict[str, InitialEmbedding]:
    """Where each new speaker starts."""
    initialise = initialiser.prepare(context)
    return {speaker: initialise(enrolment) for speaker, enrolment in context.enrolments.items()}


def _hear(
    judges: Judges, sample_rate: int, encoder: str, recordings: Sequence[PreparedUtterance]
) -> Float[Tensor, "clips print"]:
    """Unit voiceprints of recordings by the encoder of that name."""
    heard = [
        Utterance(item.clip.name, item.clip.speaker, item.clip.text, item.wave.numpy(), sample_rate)
        for item in recordings
    ]
    return voiceprints_by_encoder(encoder, heard, judges)
