"""Steps of a training: their losses and gradients, when they stop it, and that the seed alone decides them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from miniature_training import SETTINGS, NewTrainer, differing, train, weights

from runners.training.optimizer import OptimizerSettings
from runners.training.trainer import TrainingDivergedError, check_finite
from vits.corpus.features import PreparedUtterance
from vits.synthesizer import Synthesizer


def test_losses_are_named_and_finite_when_reported(
    new_trainer: NewTrainer, utterances: list[PreparedUtterance]
) -> None:
    (report,) = train(new_trainer(adversary=False), utterances, until=1)
    numbers = report.numbers()
    assert numbers.keys() == {"mel", "kl", "duration", "subband_stft", "total", "gradient_norm"}
    check_finite(numbers, report.step)
    parts = 45 * numbers["mel"] + numbers["kl"] + numbers["duration"] + numbers["subband_stft"]
    assert numbers["total"] == pytest.approx(parts, rel=1e-5)


def test_losses_fall_when_trained_longer(new_trainer: NewTrainer, utterances: list[PreparedUtterance]) -> None:
    trainer = new_trainer(adversary=False, settings=replace(SETTINGS, optimizer=OptimizerSettings(learning_rate=3e-3)))
    totals = [report.numbers()["total"] for report in train(trainer, utterances, until=45)]
    assert sum(totals[-6:]) < 0.8 * sum(totals[:6])


@pytest.mark.parametrize("accumulate", [1, 2])
def test_steps_are_finite_when_precision_is_bf16(
    accumulate: int, new_trainer: NewTrainer, utterances: list[PreparedUtterance]
) -> None:
    settings = replace(SETTINGS, accumulate=accumulate)
    reports = train(new_trainer(precision="bf16-mixed", settings=settings), utterances, until=2)
    assert all(math.isfinite(number) for report in reports for number in report.numbers().values())


def test_training_stops_when_a_loss_is_no_number(new_trainer: NewTrainer, utterances: list[PreparedUtterance]) -> None:
    spoiled = [replace(item, wave=torch.full_like(item.wave, torch.nan)) for item in utterances]
    (report,) = train(new_trainer(adversary=False), spoiled, until=1)
    with pytest.raises(TrainingDivergedError, match=r"mel.* is no number any more at step 0; lower training\."):
        check_finite(report.numbers(), report.step)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_only_broken_losses_are_named_when_training_diverges(value: float) -> None:
    with pytest.raises(TrainingDivergedError, match=r"^kl is no number any more at step 12;"):
        check_finite({"mel": 1.0, "kl": value}, 12)


def test_gradient_is_limited_when_a_limit_is_set(new_trainer: NewTrainer, utterances: list[PreparedUtterance]) -> None:
    limit = 1e-3
    trainer = new_trainer(
        settings=replace(SETTINGS, optimizer=replace(SETTINGS.optimizer, max_gradient_norm=limit)),
        adversary=False,
    )
    (report,) = train(trainer, utterances, until=1)
    assert report.numbers()["gradient_norm"] > limit
    kept = torch.stack([p.grad.norm() for p in trainer.synthesizer.parameters() if p.grad is not None]).norm()
    assert kept.item() == pytest.approx(limit, rel=1e-2)


def test_result_depends_on_the_seed_alone_when_default_generator_moved(
    new_trainer: NewTrainer, utterances: list[PreparedUtterance]
) -> None:
    one, other = new_trainer(), new_trainer()
    train(one, utterances, until=2)
    torch.randn(100)
    train(other, utterances, until=2)
    assert differing(weights(one.synthesizer), weights(other.synthesizer)) == []


def test_model_stays_its_own_when_trained(new_trainer: NewTrainer, utterances: list[PreparedUtterance]) -> None:
    trainer = new_trainer()
    train(trainer, utterances, until=1)
    assert isinstance(trainer.synthesizer, Synthesizer)
    assert all(not name.startswith("_forward_module") for name in trainer.synthesizer.state_dict())
