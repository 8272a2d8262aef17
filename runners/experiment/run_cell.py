"""One cell of the grid, from recordings to scores.

corpus -> voiceprints of the new speakers -> initial embeddings -> freeze -> fit, with evaluations -> scores
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from metrics.judges.judge import Judges
from metrics.judges.speechbrain_adapter import VOICEPRINT_SIZE
from metrics.metric import Metric
from runners.bases.base import SCRATCH, Base, Start
from runners.evaluation.evaluator import RETENTION, EvaluationSettings, Evaluator, Panel
from runners.experiment.trainable_share import TrainableShare, trainable_shares
from runners.linting.checks import quick_findings, write_findings
from runners.linting.finding import Severity
from runners.results.cell_folder import CellFolder, Identity
from runners.tracking.tracker import TRAINED, Tracker, TrackingSettings
from runners.training.devices import make_fabric
from runners.training.fit import Fit, Schedule
from runners.training.trainer import Trainer, TrainingSettings
from runners.voices.recorded_voices import Voices, enrol, known_voices, load_voices, write_splits
from runners.voices.unrecorded_sentences import evenly, unrecorded
from strategies.freeze.freeze_policy import apply_freeze
from strategies.initialisers.embedding_init import BaseSpeakers, EmbeddingInit, Enrolment, leave_one_out_error
from vits.checkpoint import save_tensors
from vits.common.errors import InputError
from vits.corpus.corpus import Corpus

LONGEST_TAG = 64  # characters that wandb takes; the experiment's name is a tag there
LINT = "lint.csv"
FORMAT = 2  # of what a cell computes; raise it when the code that computes it changes its result


@dataclass(frozen=True)
class Choice:
    """An option of the configuration: its name there, and the object that it stands for."""

    name: str
    value: Any


@dataclass(frozen=True)
class Cell:
    """Everything about one cell. `epochs` are those of adaptation, evaluated every `eval_every` and at both ends."""

    experiment: str
    results: Path
    strategy: Choice
    freeze: Choice
    conditioning: Choice
    base: Base
    model: Mapping[str, Any] | None
    corpus: Corpus
    training: TrainingSettings
    evaluation: EvaluationSettings
    metrics: list[Metric]
    tracking: TrackingSettings
    seed: int
    epochs: int
    eval_every: int
    precision: str
    device: str
    max_duration_s: float
    cache_dir: Path
    initialisers: Mapping[str, EmbeddingInit]
    config_yaml: str
    own_settings: tuple[str, ...] = ()
    """Settings of the strategy, the freeze policy or the conditioning that were asked for, as `strategy.x=y`."""

    def __post_init__(self) -> None:
        for name, value, least in (
            ("epochs", self.epochs, 0),
            ("eval_every", self.eval_every, 1),
            ("seed", self.seed, 0),
        ):
            if value < least:
                raise InputError(f"{name}={value} must be {least} or more")
        if not 1 <= len(self.experiment) <= LONGEST_TAG:
            raise InputError(f"name={self.experiment!r} has {len(self.experiment)} characters; give 1 to {LONGEST_TAG}")
        if not self.metrics:
            raise InputError("metrics=[] would score nothing; choose at least one, such as metrics=[wer]")
        if self.base.label == SCRATCH and (self.strategy.name, self.freeze.name) != ("random", "none"):
            raise InputError(
                "a model from scratch has no speakers to start from and nothing worth keeping, so "
                f"strategy={self.strategy.name} freeze={self.freeze.name} can't apply; "
                "use strategy=random freeze=none"
            )

    @property
    def name(self) -> str:
        label = f",base={self.base.label}" if self.base.label else ""
        if self.conditioning.value:
            label += f",conditioning={self.conditioning.name}"
        label += "".join(f",{setting}" for setting in self.own_settings)
        return f"strategy={self.strategy.name},freeze={self.freeze.name},seed={self.seed}{label}"

    @property
    def directory(self) -> Path:
        return self.results / self.experiment / self.name

    def identity(self, start: Start, voices: Voices) -> Identity:
        """All that determines the result, and nothing that doesn't (device, paths, tracking)."""
        return Identity(
            {
                "format": FORMAT,
                "strategy": [self.strategy.name, asdict(self.strategy.value)],
                "freeze": [self.freeze.name, asdict(self.freeze.value)],
                "base": start.identity,
                "model": dict(start.spec.parts),
                "data": voices.identity,
                "training": asdict(self.training),
                "evaluation": asdict(self.evaluation),
                "metrics": [metric.identity for metric in self.metrics],
                "seed": self.seed,
                "epochs": self.epochs,
                "eval_every": self.eval_every,
                "precision": self.precision,
            }
        )


def run_cell(cell: Cell) -> CellFolder:
    """Run a cell, go on with it where it stopped, or find that it has its result already.

    Raises:
        InputError: something given can't be used; nothing was written then.
        TrainingDivergedError: a loss left the numbers.
    """
    folder = CellFolder(cell.directory)
    fabric = make_fabric(cell.device, cell.precision)
    torch.manual_seed(cell.seed)
    start = cell.base.start(cell.model).conditioned(cell.conditioning.value)
    voices = load_voices(
        cell.corpus,
        start.spec,
        cache_dir=cell.cache_dir,
        segment_frames=cell.training.segment_frames,
        max_duration_s=cell.max_duration_s,
        held_out=cell.evaluation.utterances_per_speaker,
    )
    identity = cell.identity(start, voices)
    folder.claim(identity)
    if folder.finished:
        print(f"{cell.name}: finished before, not run again ({folder.path})")
        return folder
    judges = Judges(cell.cache_dir, fabric.device)
    enrolments = enrol(voices, judges)
    speaker_ids = _add_speakers(cell, start, enrolments)
    apply_freeze(cell.freeze.value, start.synthesizer)
    shares = trainable_shares(start.synthesizer)
    errors = _initialiser_errors(cell, start.speakers)
    trainer = Trainer(fabric, start.synthesizer, start.adversary, start.spec.analysis(), cell.training, cell.seed)
    trainer.generator_optimizer.load_named_state(start.optimizer_state)
    evaluator = _evaluator(cell, start, voices, judges, speaker_ids)

    _announce(cell, voices, start, shares, errors)
    facts = {
        "leave_one_out_error": errors,
        "speaker_ids": speaker_ids,
        "device": str(fabric.device),
        "teachers": list(cell.strategy.value.teachers),
    }
    _begin(cell, folder, identity, voices, shares, facts)
    _write_voiceprints(folder.path / "voiceprints.safetensors", start, enrolments, speaker_ids)
    _lint(cell, folder.path / LINT)
    with folder, _tracker(cell, identity, folder) as tracker:
        tracker.summarise({TRAINED: shares[-1].trainable})
        schedule = Schedule(cell.epochs, cell.eval_every)
        Fit(folder, trainer, voices, evaluator, tracker, schedule).run()
        if tracker.how_to_sync:
            print(f"logged offline; to upload: {tracker.how_to_sync}")
    return folder


def _begin(
    cell: Cell,
    folder: CellFolder,
    identity: Identity,
    voices: Voices,
    shares: list[TrainableShare],
    facts: Mapping[str, Any],
) -> None:
    """Write down who the cell is and what it works on."""
    folder.begin(
        identity,
        cell.config_yaml,
        name=cell.name,
        strategy=cell.strategy.name,
        freeze=cell.freeze.name,
        seed=cell.seed,
        base=cell.base.label or "pretrained",
        conditioning=cell.conditioning.name,
        speakers=list(voices.speakers),
        skipped=dict(voices.train.skipped),
        trainable=[asdict(share) | {"percent": share.percent} for share in shares],
        **facts,
    )
    write_splits(voices, folder.path / "split.csv")


def _lint(cell: Cell, path: Path) -> None:
    """Print what may spoil the comparison, and write it down with what to do about it."""
    findings = quick_findings(cell.corpus, cell.base, cell.evaluation.utterances_per_speaker, cell.cache_dir)
    for finding in findings:
        if finding.severity is not Severity.SKIPPED:
            print(f"  {finding.severity}: {finding.where}: {finding.what}")
    write_findings(findings, path)
    print(f"  what to do about it, and what was not checked: {path}")


def _add_speakers(cell: Cell, start: Start, enrolments: Mapping[str, Enrolment]) -> dict[str, int]:
    """Give each new speaker an embedding, and return their ids."""
    generator = torch.Generator().manual_seed(cell.seed)
    embedding = start.synthesizer.speaker_embedding
    return {
        speaker: embedding.add(cell.strategy.value(enrolment, start.speakers, generator))
        for speaker, enrolment in enrolments.items()
    }


def _evaluator(cell: Cell, start: Start, voices: Voices, judges: Judges, speaker_ids: Mapping[str, int]) -> Evaluator:
    """What scores the new voices, among all that are known, and some of the base's own."""
    rows = start.synthesizer.speaker_embedding.rows().detach()
    known = known_voices(voices, start.speakers, {name: rows[row] for name, row in speaker_ids.items()})
    return Evaluator(
        cell.metrics,
        voices,
        known,
        judges,
        cell.evaluation,
        cell.seed,
        speaker_ids=speaker_ids,
        base_panel=_base_panel(cell, start, voices),
    )


def _base_panel(cell: Cell, start: Start, voices: Voices) -> Panel | None:
    """Some of the base's own voices, which say held-out sentences of the new ones; None if none are known."""
    rows = dict(zip(start.speakers.names, start.rows, strict=True))
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


def _write_voiceprints(
    path: Path, start: Start, enrolments: Mapping[str, Enrolment], speaker_ids: Mapping[str, int]
) -> None:
    """Write the unit mean voiceprint of each speaker id; zeros where nobody's voice is known."""
    prints = torch.zeros(start.synthesizer.speaker_embedding.n_speakers, VOICEPRINT_SIZE)
    if start.speakers.voiceprints.shape[1]:
        prints[list(start.rows)] = start.speakers.voiceprints
    for speaker, enrolment in enrolments.items():
        prints[speaker_ids[speaker]] = enrolment.mean_voiceprint
    save_tensors({"voiceprints": prints}, path)


def _initialiser_errors(cell: Cell, speakers: BaseSpeakers) -> dict[str, float]:
    """How well each initialiser, the chosen one as configured, guesses base speakers that it is not shown."""
    initialisers = {**cell.initialisers, cell.strategy.name: cell.strategy.value}
    return {
        name: leave_one_out_error(initialiser, speakers, torch.Generator().manual_seed(cell.seed))
        for name, initialiser in initialisers.items()
    }


def _announce(
    cell: Cell, voices: Voices, start: Start, shares: list[TrainableShare], errors: Mapping[str, float]
) -> None:
    whole = shares[-1]
    skipped = ", ".join(f"{count} {reason}" for reason, count in voices.train.skipped.items()) or "none"
    print(
        f"{cell.name}: {len(voices.speakers)} new voices, {len(voices.train)} training utterances (skipped: {skipped})"
    )
    for warning in start.warnings:
        print(f"warning: {warning}")
    print(f"  trained: {whole.trainable:,} of {whole.parameters:,} parameters ({whole.percent:.2f} %)")
    for share in shares[:-1]:
        print(f"    {share.part:20} {share.trainable:>12,} of {share.parameters:>12,} ({share.percent:6.2f} %)")
    if start.speakers.names:
        guesses = ", ".join(f"{name} {error:.2f}" for name, error in sorted(errors.items(), key=lambda e: e[1]))
        print(f"  leave-one-out error on the base speakers (mean of the others = 1): {guesses}")


def _tracker(cell: Cell, identity: Identity, folder: CellFolder) -> Tracker:
    from omegaconf import OmegaConf

    config = OmegaConf.to_container(OmegaConf.create(cell.config_yaml))
    tags = [cell.experiment, cell.strategy.name, cell.freeze.name, *cell.tracking.tags]
    return Tracker(
        TrackingSettings(cell.tracking.project, cell.tracking.entity, cell.tracking.mode, tags),
        directory=folder.path,
        run_id=identity.hash,
        name=cell.name,
        group=cell.strategy.name,
        job_type=cell.freeze.name,
        config=config,  # pyright: ignore[reportArgumentType]
    )
