"""Trainers of miniature models, and utterances to train them on."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from miniature_training import SETTINGS, SPEAKERS, NewTrainer
from torch import nn

from runners.training.trainer import Trainer, TrainingSettings
from strategies.freeze.freeze_policy import FreezePolicy, apply_freeze
from vits.adversary import Adversary
from vits.corpus.clip import Clip
from vits.corpus.features import PreparedUtterance
from vits.model_spec import ModelSpec

HOP_LENGTH = 256


@pytest.fixture(scope="module")
def utterances() -> list[PreparedUtterance]:
    """Five synthetic utterances of 20 to 40 frames; they make three batches of up to two."""
    generator = torch.Generator().manual_seed(0)
    frames = [20, 24, 31, 36, 40]
    return [
        PreparedUtterance(
            Clip(Path(f"{n}.wav"), "anna" if n % 2 else "bert", "", "a"),
            torch.randint(1, 20, (n // 4,), generator=generator),
            0.1 * torch.randn(n * HOP_LENGTH, generator=generator),
            torch.randn(80, n, generator=generator),
        )
        for n in frames
    ]


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
