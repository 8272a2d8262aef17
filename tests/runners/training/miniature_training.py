"""A training of a miniature model up to a step, and what moved in it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from runners.training.optimizer import OptimizerSettings
from runners.training.trainer import StepReport, Trainer, TrainingSettings
from vits.corpus.batching import LengthBucketedBatches
from vits.corpus.features import PreparedUtterance

SPEAKERS = {"anna": 0, "bert": 1}
SETTINGS = TrainingSettings(
    batch_size=2,
    segment_frames=8,
    optimizer=OptimizerSettings(learning_rate=1e-3, weight_decay=0.1, warmup_steps=3, lr_decay=0.5),
    alignment_noise=True,
)
STEPS_PER_EPOCH = 3

NewTrainer = Callable[..., Trainer]


def train(
    trainer: Trainer,
    utterances: list[PreparedUtterance],
    *,
    until: int,
    speakers: dict[str, int] = SPEAKERS,
) -> list[StepReport]:
    """Train to a step, which may be in the middle of an epoch."""
    batches = LengthBucketedBatches([item.spectrogram.shape[1] for item in utterances], trainer.settings.batch_size)
    assert len(batches) == STEPS_PER_EPOCH
    reports: list[StepReport] = []
    while trainer.step < until:
        reports += trainer.epoch(utterances, speakers, batches, until=until)
    return reports


def weights(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


def differing(one: dict[str, Tensor], other: dict[str, Tensor]) -> list[str]:
    assert one.keys() == other.keys()
    return [name for name in one if not torch.equal(one[name], other[name])]
