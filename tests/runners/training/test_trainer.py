from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from runners.training.optimizer import OptimizerSettings
from runners.training.trainer import StepReport, Trainer, TrainingDivergedError, TrainingSettings, check_finite
from strategies.freeze.all_but_embedding import AllButEmbedding
from strategies.freeze.freeze_policy import BASE_ROWS, FreezePolicy, apply_freeze
from strategies.freeze.frozen_parts import FrozenParts
from vits.adversary import Adversary
from vits.checkpoint import save_tensors
from vits.common.errors import InputError
from vits.corpus.batching import LengthBucketedBatches
from vits.corpus.clip import Clip
from vits.corpus.features import PreparedUtterance
from vits.model_spec import PARTS, ModelSpec
from vits.synthesizer import Synthesizer

HOP_LENGTH = 256
SPEAKERS = {"anna": 0, "bert": 1}
POLICIES = (AllButEmbedding(), *(FrozenParts([*parts]) for parts in ((), *combinations(PARTS, 1), PARTS)))
SETTINGS = TrainingSettings(
    batch_size=2,
    segment_frames=8,
    optimizer=OptimizerSettings(learning_rate=1e-3, weight_decay=0.1, warmup_steps=3, lr_decay=0.5),
    alignment_noise=True,
)
STEPS_PER_EPOCH = 3

NewTrainer = Callable[..., Trainer]


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


@pytest.mark.parametrize("stop", [2, 3, 4])
@pytest.mark.parametrize("adversary", ["trained", "frozen", "none"])
def test_training_is_bit_identical_when_resumed(
    stop: int, adversary: str, new_trainer: NewTrainer, utterances: list[PreparedUtterance], tmp_path: Path
) -> None:
    settings = replace(SETTINGS, adversary=adversary)
    straight = new_trainer(settings=settings)
    expected = train(straight, utterances, until=7)

    stopped = new_trainer(settings=settings)
    train(stopped, utterances, until=stop)
    stopped.save(tmp_path / "state.safetensors")
    torch.manual_seed(99)
    resumed = new_trainer(settings=settings, weights_seed=5)
    resumed.load(tmp_path / "state.safetensors")
    reports = train(resumed, utterances, until=7)

    assert [report.step for report in reports] == list(range(stop, 7))
    assert reports[-1].numbers() == expected[-1].numbers()
    assert differing(weights(straight.synthesizer), weights(resumed.synthesizer)) == []
    assert differing(weights(straight.adversary), weights(resumed.adversary)) == []
    assert differing(straight.generator_optimizer.named_state(), resumed.generator_optimizer.named_state()) == []


def test_every_parameter_moves_when_none_is_frozen(
    new_trainer: NewTrainer, utterances: list[PreparedUtterance]
) -> None:
    trainer = new_trainer()
    before = weights(trainer.synthesizer), weights(trainer.adversary)
    train(trainer, utterances, until=2)
    assert set(differing(before[0], weights(trainer.synthesizer))) == set(before[0])
    assert set(differing(before[1], weights(trainer.adversary))) == set(before[1])


@pytest.mark.parametrize(
    "frozen", [("decoder.",), ("text_encoder.", "flow."), ("speaker_embedding.weight", "posterior_encoder.")]
)
def test_frozen_parameters_are_bit_identical_when_others_are_trained(
    frozen: tuple[str, ...], new_trainer: NewTrainer, utterances: list[PreparedUtterance]
) -> None:
    trainer = new_trainer(frozen=frozen, new_speaker=True)
    before = weights(trainer.synthesizer)
    train(trainer, utterances, until=4, speakers={"anna": 2, "bert": 1})
    moved = set(differing(before, weights(trainer.synthesizer)))
    assert moved == {name for name in before if not name.startswith(frozen)}


@pytest.mark.parametrize("policy", POLICIES)
def test_old_rows_and_frozen_parts_are_bit_identical_when_a_policy_is_applied(
    policy: FreezePolicy, new_trainer: NewTrainer, utterances: list[PreparedUtterance], tmp_path: Path
) -> None:
    trainer = new_trainer(policy=policy, new_speaker=True)
    before = weights(trainer.synthesizer)
    both = {"anna": 2, "bert": 1}  # an old speaker in the data doesn't move its row either
    train(trainer, utterances, until=2, speakers=both)
    trainer.save(tmp_path / "state.safetensors")
    resumed = new_trainer(policy=policy, new_speaker=True, weights_seed=5)
    resumed.load(tmp_path / "state.safetensors")
    train(resumed, utterances, until=5, speakers=both)
    moved = set(differing(before, weights(resumed.synthesizer)))
    assert BASE_ROWS in before
    assert BASE_ROWS not in moved
    free = {n for n in before if not n.startswith("speaker_embedding.") and not policy.schedule(n).is_frozen}
    assert moved == free | {"speaker_embedding.added.0"}
    assert BASE_ROWS not in resumed.generator_optimizer.names


def test_base_rows_have_no_optimizer_entry_when_only_the_new_row_is_trained(
    new_trainer: NewTrainer, utterances: list[PreparedUtterance]
) -> None:
    trainer = new_trainer(new_speaker=True)
    every = tuple(name for name, _ in trainer.synthesizer.named_parameters() if name != "speaker_embedding.added.0")
    trainer = new_trainer(frozen=every, new_speaker=True)
    before = weights(trainer.synthesizer)
    train(trainer, utterances, until=4, speakers={"anna": 2, "bert": 1})
    assert trainer.generator_optimizer.names == ["speaker_embedding.added.0"]
    assert {name.rpartition(":")[0] for name in trainer.generator_optimizer.named_state()} == {
        "speaker_embedding.added.0"
    }
    assert differing(before, weights(trainer.synthesizer)) == ["speaker_embedding.added.0"]


def test_discriminators_rest_when_their_step_has_not_come(
    new_trainer: NewTrainer, utterances: list[PreparedUtterance]
) -> None:
    trainer = new_trainer(settings=replace(SETTINGS, adversary_from_step=3))
    before = weights(trainer.adversary)
    early = train(trainer, utterances, until=3)
    assert differing(before, weights(trainer.adversary)) == []
    assert all("adversarial" not in report.values for report in early)
    late = train(trainer, utterances, until=4)
    assert {"adversarial", "audio_discriminator", "adversary_gradient_norm"} <= late[0].values.keys()
    assert set(differing(before, weights(trainer.adversary))) == set(before)


def test_discriminators_judge_and_stay_when_frozen(
    new_trainer: NewTrainer, utterances: list[PreparedUtterance]
) -> None:
    trainer = new_trainer(settings=replace(SETTINGS, adversary="frozen"))
    before = weights(trainer.adversary), weights(trainer.synthesizer)
    reports = train(trainer, utterances, until=2)
    assert len(before[0]) > 0
    assert differing(before[0], weights(trainer.adversary)) == []
    assert set(differing(before[1], weights(trainer.synthesizer))) == set(before[1])
    assert {"adversarial", "feature_matching", "duration_adversarial"} <= reports[0].values.keys()
    assert not {"audio_discriminator", "adversary_gradient_norm"} & reports[0].values.keys()


def test_discriminators_take_no_part_when_there_are_none(
    new_trainer: NewTrainer, utterances: list[PreparedUtterance]
) -> None:
    asked, without = new_trainer(settings=replace(SETTINGS, adversary="none")), new_trainer(adversary=False)
    reports = train(asked, utterances, until=2)
    assert weights(asked.adversary) == {}
    assert [report.numbers() for report in reports] == [r.numbers() for r in train(without, utterances, until=2)]


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


def test_steps_are_finite_when_precision_is_bf16(new_trainer: NewTrainer, utterances: list[PreparedUtterance]) -> None:
    reports = train(new_trainer(precision="bf16-mixed"), utterances, until=2)
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


def test_state_is_refused_when_file_is_another_kind(new_trainer: NewTrainer, tmp_path: Path) -> None:
    save_tensors({"weight": torch.zeros(2)}, tmp_path / "weights.safetensors")
    with pytest.raises(InputError, match=r"weights\.safetensors is no training state"):
        new_trainer().load(tmp_path / "weights.safetensors")


def test_state_is_refused_when_model_has_another_speaker(new_trainer: NewTrainer, tmp_path: Path) -> None:
    new_trainer(new_speaker=True).save(tmp_path / "state.safetensors")
    with pytest.raises(InputError, match=r"1 unexpected \(speaker_embedding\.added\.0\)"):
        new_trainer().load(tmp_path / "state.safetensors")


def test_state_is_refused_when_it_knows_no_discriminators(new_trainer: NewTrainer, tmp_path: Path) -> None:
    new_trainer(adversary=False).save(tmp_path / "state.safetensors")
    with pytest.raises(InputError, match="missing"):
        new_trainer().load(tmp_path / "state.safetensors")


def test_training_is_refused_when_all_is_frozen(new_trainer: NewTrainer) -> None:
    with pytest.raises(InputError, match="nothing is left to train"):
        new_trainer(frozen=("",))


def test_model_stays_its_own_when_trained(new_trainer: NewTrainer, utterances: list[PreparedUtterance]) -> None:
    trainer = new_trainer()
    train(trainer, utterances, until=1)
    assert isinstance(trainer.synthesizer, Synthesizer)
    assert all(not name.startswith("_forward_module") for name in trainer.synthesizer.state_dict())
