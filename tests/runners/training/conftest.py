"""Trainers of miniature models, and utterances to train them on."""

from __future__ import annotations

import pytest
import torch
from lightning_fabric import Fabric
from miniature_training import SETTINGS, SPEAKERS, NewTrainer
from synthetic_utterances import synthetic_utterances
from torch import nn

from runners.training.trainer import Trainer, TrainingSettings
from strategies.freeze.freeze_policy import FreezePolicy, apply_freeze
from vits.adversary import Adversary
from vits.corpus.features import PreparedUtterance
from vits.model_spec import ModelSpec


@pytest.fixture(scope="module")
def utterances() -> list[PreparedUtterance]:
    """Five synthetic utterances of 20 to 40 frames; they make three batches of up to two."""
    return synthetic_utterances([20, 24, 31, 36, 40])


@pytest.fixture
def new_trainer(miniature_spec: ModelSpec) -> NewTrainer:
    """Trainers of miniature models, whose first weights `weights_seed` decides."""

    def make(
        *,
        weights_seed: int = 0,
        settings: TrainingSettings = SETTINGS,
        adversary: bool = True,
        frozen: tuple[str, ...] = (),
        new_speaker: bool = False,
        precision: str = "32-true",
        policy: FreezePolicy | None = None,
    ) -> Trainer:
        torch.manual_seed(weights_seed)
        synthesizer = miniature_spec.synthesizer(len(SPEAKERS))
        for coupling in synthesizer.flow.couplings:
            nn.init.normal_(coupling.shift.projection.weight, std=0.1)
        if new_speaker:
            synthesizer.speaker_embedding.add(torch.randn(8))
        for name, parameter in synthesizer.named_parameters():
            parameter.requires_grad_(not name.startswith(frozen) if frozen else True)
        if policy is not None:
            apply_freeze(policy, synthesizer)
        opponents = miniature_spec.adversary() if adversary else Adversary({})
        fabric = Fabric(accelerator="cpu", devices=1, precision=precision)
        return Trainer(fabric, synthesizer, opponents, miniature_spec.analysis(), settings, seed=7)

    return make
