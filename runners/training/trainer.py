"""Training steps, epoch after epoch: the same for pretraining and for adaptation.

A step is a pure function of the state, the seed and the step's number: data order, segments, alignment noise
and dropout are drawn from them alone. So a training that was stopped and resumed is the one that wasn't. A batch may be
shared by devices and computed in parts (`runners.training.parts`): the step is the same but for rounding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import torch
from lightning_fabric import Fabric
from torch import Tensor

from runners.training.cost import Cost
from runners.training.game import Game
from runners.training.loading import load_batches
from runners.training.material import NATURAL, SAMPLINGS, Batches
from runners.training.objective import LossWeights, Objective, check_mel_target
from runners.training.optimizer import NamedAdamW, OptimizerSettings
from runners.training.parts import Part, Passes, Seen, parts_of
from runners.training.regime import Regime
from runners.training.side import Side
from vits.adversary import Adversary
from vits.alignment import noise_scale_at
from vits.batch_rows import NoiseOfRows, drawing_as_part
from vits.checked_tensors import load_checked, save_checked
from vits.checkpoint import load_strict, part_of, put_together
from vits.common.bounds import AtLeast, AtMost, OneOf, check_fields
from vits.common.errors import BrokenOffError, InputError
from vits.common.quantities import BatchSize, Number
from vits.common.registry import register
from vits.corpus.batching import Batch
from vits.corpus.features import PreparedUtterance
from vits.spectrogram import AudioAnalysis
from vits.synthesizer import Synthesizer

STEP = "progress/step"
SECONDS = "progress/seconds"
NOTED = "noted"  # the part of a state that whoever saves it writes
NOTHING: Mapping[str, Tensor] = MappingProxyType({})
TRAINED, FROZEN, NONE = "trained", "frozen", "none"  # what the discriminators may do
LESS_MEMORY = (
    "compute each batch in parts (training.accumulate=4), or make training.batch_size, training.segment_frames or "
    "max_duration_s smaller, or precision=bf16"
)


class TrainingDivergedError(BrokenOffError):
    """A loss is NaN or infinite; going on would only spoil the weights."""


@register("training", "settings")
@dataclass(frozen=True)
class TrainingSettings:
    """How a model is fitted to recordings.

    `segment_frames` is the length of audio decoded from each utterance in a step; `adversary` says whether the
    discriminators are `trained` along, judge as they are (`frozen`), or take no part (`none`), and
    `adversary_from_step` lets the other losses work alone before they join; `alignment_noise` says whether scores of
    the alignment search get VITS2's decaying noise, which helps a new model and not one that already aligns;
    `mel_target` what the mel loss compares with, the recording's `segment` or the `whole_recording` (`Objective`);
    `sampling` whether every utterance comes up once in an epoch (`natural`), or every speaker as often as any other
    (`balanced`), which matters where there is much of one voice and little of another.

    `accumulate` is the number of parts in which a batch is computed, one after the other, where all of it doesn't fit
    into memory. Losses and gradients stay those of the whole batch, but for rounding; every part is computed once more.
    """

    batch_size: BatchSize = 32
    accumulate: BatchSize = 1
    segment_frames: Annotated[int, AtLeast(1), AtMost(100_000)] = 32
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    loss_weights: LossWeights = field(default_factory=LossWeights)
    adversary: Annotated[str, OneOf(TRAINED, FROZEN, NONE)] = TRAINED
    adversary_from_step: Number = 0
    alignment_noise: bool = False
    mel_target: str = "segment"
    sampling: Annotated[str, OneOf(*SAMPLINGS)] = NATURAL

    def __post_init__(self) -> None:
        check_mel_target(self.mel_target)
        check_fields(self, "training")
        if self.accumulate > self.batch_size:
            raise InputError(
                f"training.accumulate={self.accumulate} is more than the {self.batch_size} utterances of a batch "
                "(training.batch_size); they can be computed one by one at most"
            )


def check_adversary(settings: TrainingSettings, *, known: bool) -> None:
    """Check that discriminators which stay as they are have been trained before.

    Raises:
        InputError: they haven't.
    """
    if settings.adversary == FROZEN and not known:
        raise InputError(
            "training.adversary=frozen, but the base has no trained discriminators, and new ones judge by chance; "
            "use training.adversary=trained or none"
        )


@dataclass(frozen=True)
class StepReport:
    """The losses and gradient norms of one step, by name, still on their device."""

    step: int
    epoch: int
    values: dict[str, Tensor]

    def numbers(self) -> dict[str, float]:
        """The values on the host; waits for the device."""
        return {name: float(value) for name, value in self.values.items()}


class Trainer:
    """A synthesizer, its adversary, their optimizers and the step they have reached."""

    def __init__(
        self,
        fabric: Fabric,
        synthesizer: Synthesizer,
        adversary: Adversary,
        analysis: AudioAnalysis,
        settings: TrainingSettings,
        seed: int,
        regime: Regime | None = None,
    ) -> None:
        trainable = [(name, p) for name, p in synthesizer.named_parameters() if p.requires_grad]
        self.fabric = fabric
        self.synthesizer = synthesizer
        self.adversary = Adversary({}) if settings.adversary == NONE else adversary
        self.settings = settings
        self.seed = seed
        self.regime = regime or Regime()
        self.step = 0
        self.seconds = 0.0  # spent until the state was saved, where a run counts them
        self.cost = Cost()
        self.analysis = analysis
        self.objective = Objective(analysis, settings.loss_weights, settings.mel_target)
        fabric.to_device(self.objective)
        self.generator_optimizer = NamedAdamW(trainable, settings.optimizer, self.regime.schedules)
        limit = settings.optimizer.max_gradient_norm
        generator = Side(fabric, synthesizer, self.generator_optimizer, limit)
        fabric.to_device(self.adversary)
        self.adversary_optimizer = opponents = None
        if settings.adversary == TRAINED and any(True for _ in self.adversary.parameters()):
            self.adversary_optimizer = NamedAdamW(self.adversary.named_parameters(), settings.optimizer)
            opponents = Side(fabric, self.adversary, self.adversary_optimizer, limit)
        sides = (synthesizer, generator, self.adversary, opponents)
        self._game = Game(fabric, *sides, self.objective, settings.loss_weights, self.regime)

    def epoch(
        self,
        utterances: Sequence[PreparedUtterance],
        speaker_ids: Mapping[str, int],
        batches: Batches,
        until: int | None = None,
    ) -> Iterator[StepReport]:
        """Train on the batches that are left of the epoch that the next step belongs to, not beyond step `until`."""
        epoch, done = divmod(self.step, len(batches))
        left = batches(epoch)[done:][: None if until is None else until - self.step]
        self.synthesizer.train()
        for batch in load_batches(utterances, left, speaker_ids, self.fabric.device):
            yield self._train_on(batch, epoch)

    def _train_on(self, batch: Batch, epoch: int) -> StepReport:
        for optimizer in (self.generator_optimizer, self.adversary_optimizer):
            if optimizer is not None:
                optimizer.set_rate(self.step, epoch, self.regime.progress(self.step))
        parts = parts_of(batch, self.fabric.global_rank, self.fabric.world_size, self.settings.accumulate)
        is_adversarial = self.step >= self.settings.adversary_from_step
        values = self._game.play(parts, Passes(parts, self._pass), adversarial=is_adversarial)
        self.regime.averaging.update(self.step, self.synthesizer)
        report = StepReport(self.step, epoch, values)
        self.step += 1
        return report

    def _pass(self, part: Part) -> Seen:
        """The model's pass over a part of the batch."""
        generator = self._seed_step()
        batch = part.batch
        with drawing_as_part(self.synthesizer, part.place):
            made = self._game.generator.forward(
                batch.tokens,
                batch.token_lengths,
                batch.spectrogram,
                batch.spectrogram_lengths,
                batch.speaker,
                segment_frames=self.settings.segment_frames,
                alignment_noise_scale=noise_scale_at(self.step) if self.settings.alignment_noise else 0.0,
                generator=generator if part.place.are_all else NoiseOfRows(generator, part.place),
            )
        return Seen(made, self.objective.real_segments(batch, made))

    def _seed_step(self) -> torch.Generator:
        """All that this step draws is decided here."""
        step_seed = (self.seed * 1_000_003 + self.step) % 2**64
        torch.manual_seed(step_seed)  # dropout draws from the default generator
        return torch.Generator(self.fabric.device).manual_seed(step_seed)

    def save(self, path: Path, noted: Mapping[str, Tensor] = NOTHING) -> None:
        """Write all that going on needs into one safetensors file, atomically, with what is to be `noted` besides."""
        progress = {STEP: torch.tensor(self.step), SECONDS: torch.tensor(self.seconds, dtype=torch.float64)}
        save_checked(progress | put_together(self._parts() | {NOTED: dict(noted)}), path)

    def load(self, path: Path) -> dict[str, Tensor]:
        """Go on from a saved state; returns what was noted in it.

        Raises:
            InputError: the file is missing, damaged, or of another model.
        """
        tensors = load_checked(path)
        if STEP not in tensors:
            raise InputError(f"{path} is no training state; give one that a training wrote")
        self._load_weights(tensors, path)
        self.generator_optimizer.load_named_state(part_of(tensors, "generator_optimizer"))
        if self.adversary_optimizer is not None:
            self.adversary_optimizer.load_named_state(part_of(tensors, "adversary_optimizer"))
        self.regime.averaging.load(part_of(tensors, "average"))
        self.cost = Cost.of_tensors(part_of(tensors, "cost"))
        self.step = int(tensors[STEP])
        self.seconds = float(tensors.get(SECONDS, 0.0))
        return part_of(tensors, NOTED)

    def save_weights(self, path: Path) -> None:
        """Write the weights of generator and discriminators alone, which `load_weights` reads."""
        save_checked(put_together(self._weights()), path)

    def load_weights(self, path: Path) -> None:
        """Take over weights that `save_weights` or `save` wrote; the step and the optimizers stay as they are.

        Raises:
            InputError: the file is missing, damaged, or of another model.
        """
        self._load_weights(load_checked(path), path)

    def _load_weights(self, tensors: Mapping[str, Tensor], path: Path) -> None:
        load_strict(self.synthesizer, part_of(tensors, "synthesizer"), source=str(path))
        load_strict(self.adversary, part_of(tensors, "adversary"), source=str(path))

    def _weights(self) -> dict[str, dict[str, Tensor]]:
        return {"synthesizer": self.synthesizer.state_dict(), "adversary": self.adversary.state_dict()}

    def _parts(self) -> dict[str, dict[str, Tensor]]:
        parts = self._weights() | {"generator_optimizer": self.generator_optimizer.named_state()}
        if self.adversary_optimizer is not None:
            parts["adversary_optimizer"] = self.adversary_optimizer.named_state()
        return parts | {"average": dict(self.regime.averaging.weights()), "cost": self.cost.tensors}


def check_finite(numbers: dict[str, float], step: int) -> None:
    """Stop a training that has left the numbers.

    Raises:
        TrainingDivergedError: a loss is NaN or infinite.
    """
    broken = [name for name, value in numbers.items() if not math.isfinite(value)]
    if broken:
        raise TrainingDivergedError(
            f"{', '.join(broken)} is no number any more at step {step}; lower training.optimizer.learning_rate, "
            "set training.optimizer.max_gradient_norm, or use precision=32"
        )
