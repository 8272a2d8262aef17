from __future__ import annotations

import pytest
import torch
from torch import Tensor

from vits.adversary import Adversary
from vits.discriminators import Judgement
from vits.losses import discriminator_loss, feature_matching_loss, generator_loss, kl_loss
from vits.model_spec import ModelSpec
from vits.synthesizer import Synthesizer, TrainingPass


@pytest.fixture
def generator_side(miniature_spec: ModelSpec) -> tuple[Synthesizer, TrainingPass, Tensor]:
    torch.manual_seed(0)
    model = miniature_spec.synthesizer(2)
    made = model(
        torch.randint(1, 20, (2, 5)),
        torch.tensor([5, 4]),
        torch.randn(2, 80, 20),
        torch.tensor([20, 16]),
        torch.tensor([0, 1]),
        segment_frames=8,
    )
    return model, made, torch.randn(made.decoded.audio.shape)


@pytest.fixture
def adversary(miniature_spec: ModelSpec) -> Adversary:
    torch.manual_seed(1)
    return miniature_spec.adversary()


def test_generator_stays_when_discriminators_learn(
    adversary: Adversary, generator_side: tuple[Synthesizer, TrainingPass, Tensor]
) -> None:
    model, made, real = generator_side
    losses = adversary(made, real)
    assert losses.keys() == {"audio_discriminator", "duration_discriminator"}
    torch.stack(list(losses.values())).sum().backward()
    assert all(p.grad is None for p in model.parameters())
    assert all(p.grad is not None for p in adversary.parameters())


def test_discriminators_stay_when_generator_learns(
    adversary: Adversary, generator_side: tuple[Synthesizer, TrainingPass, Tensor]
) -> None:
    model, made, real = generator_side
    losses = adversary.generator_losses(made, real)
    assert losses.keys() == {"adversarial", "feature_matching", "duration_adversarial"}
    torch.stack(list(losses.values())).sum().backward()
    assert all(p.grad is None for p in adversary.parameters())
    assert all(p.requires_grad for p in adversary.parameters())
    moved = {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None}
    assert {"decoder", "posterior_encoder", "duration_predictor"} <= moved


def test_nothing_is_lost_when_there_are_no_opponents(
    generator_side: tuple[Synthesizer, TrainingPass, Tensor],
) -> None:
    _, made, real = generator_side
    alone = Adversary({})
    assert alone(made, real) == {}
    assert alone.generator_losses(made, real) == {}


def test_losses_are_those_computed_by_hand_when_scores_are_few() -> None:
    real, fake = [torch.tensor([[1.0, 0.0]])], [torch.tensor([[0.5, 0.0]])]
    assert discriminator_loss(real, fake).item() == pytest.approx(0.5 + 0.125)
    assert generator_loss(fake).item() == pytest.approx((0.25 + 1.0) / 2)
    one = [Judgement(real[0], [torch.tensor([1.0, 3.0]), torch.tensor([2.0])])]
    other = [Judgement(fake[0], [torch.tensor([0.0, 3.0]), torch.tensor([5.0])])]
    assert feature_matching_loss(one, other).item() == pytest.approx(2 * (0.5 + 3.0))
    assert feature_matching_loss(one, one).item() == 0.0


def test_divergence_is_counted_per_valid_frame_when_batch_is_padded() -> None:
    z_p, mean = torch.full((1, 2, 3), 2.0), torch.zeros(1, 2, 3)
    logs_q, logs_p = torch.full((1, 2, 3), 0.1), torch.full((1, 2, 3), 0.3)
    mask = torch.tensor([[[1.0, 1.0, 0.0]]])
    by_hand = 2 * (0.3 - 0.1 - 0.5 + 0.5 * 4.0 * torch.exp(torch.tensor(-0.6)).item())
    assert kl_loss(z_p, logs_q, mean, logs_p, mask).item() == pytest.approx(by_hand, rel=1e-5)
